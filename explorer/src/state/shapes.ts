import type { Feature, Geometry, Position } from "geojson";
import type { Bounds } from "./query";

/** Return the outlines of a footprint; where it was cut at 180 degrees no line is drawn. */
export function outlines(geometry: Geometry): Position[][] {
  return rings(geometry).flatMap((ring) => {
    const lines: Position[][] = [[]];
    ring.forEach((point, at) => {
      const before = ring[at - 1];
      if (before !== undefined && isCut(before) && isCut(point)) {
        lines.push([]);
      }
      lines.at(-1)?.push(point);
    });
    return lines.filter((line) => line.length > 1);
  });
}

function isCut(point: Position): boolean {
  return Math.abs(Math.abs(point[0] ?? 0) - 180) < 1e-9;
}

function rings(geometry: Geometry): Position[][] {
  switch (geometry.type) {
    case "Polygon":
      return geometry.coordinates;
    case "MultiPolygon":
      return geometry.coordinates.flat();
    default:
      return [];
  }
}

/** Return what is drawn of a footprint: its polygons to fill, and its outline. */
export function footprintFeatures(geometry: Geometry, properties: Record<string, unknown>): Feature[] {
  return [
    { type: "Feature", properties: { ...properties, part: "fill" }, geometry },
    {
      type: "Feature",
      properties: { ...properties, part: "line" },
      geometry: { type: "MultiLineString", coordinates: outlines(geometry) },
    },
  ];
}

/** Return the box (west, south, east, north) of geometries; east may be beyond 180 across it. */
export function boundsOf(geometries: readonly Geometry[]): [number, number, number, number] | null {
  const points = geometries.flatMap(rings).flat();
  if (points.length === 0) {
    return null;
  }
  const lats = points.map((point) => point[1] ?? 0);
  const plain = extent(points.map((point) => point[0] ?? 0));
  const across = extent(points.map((point) => (((point[0] ?? 0) % 360) + 360) % 360));
  const [west, east] = across[1] - across[0] < plain[1] - plain[0] - 1e-9 ? across : plain;
  const [south, north] = extent(lats);
  return [west, south, east, north];
}

function extent(values: readonly number[]): [number, number] {
  return values.reduce<[number, number]>(
    ([low, high], value) => [Math.min(low, value), Math.max(high, value)],
    [Infinity, -Infinity],
  );
}


/** Return a box as the API takes it: one across 180 degrees has its west above its east. */
export function searchedBox([west, south, east, north]: Bounds): Bounds {
  return [wrapped(west), south, wrapped(east, 180), north];
}

function wrapped(lng: number, edge = -180): number {
  const found = ((((lng + 180) % 360) + 360) % 360) - 180;
  return found === -180 ? edge : found;
}
