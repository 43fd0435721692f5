import { cellToBoundary } from "h3-js";
import type { Feature, Geometry, Polygon, Position } from "geojson";

/** Return an H3 cell as a polygon on a plane: one across 180 degrees runs on past it. */
export function cellPolygon(cell: string): Polygon {
  const ring = cellToBoundary(cell, true) as Position[];
  return { type: "Polygon", coordinates: [isPolar(ring) ? polarCap(ring) : unrolled(ring)] };
}

/** Whether a closed ring goes all the way round a pole: its steps in longitude do not cancel. */
function isPolar(ring: readonly Position[]): boolean {
  let turned = 0;
  for (let at = 1; at < ring.length; at += 1) {
    turned += step(ring[at - 1], ring[at]);
  }
  return Math.abs(turned) > 180;
}

function step(from: Position | undefined, to: Position | undefined): number {
  const by = (to?.[0] ?? 0) - (from?.[0] ?? 0);
  return by > 180 ? by - 360 : by < -180 ? by + 360 : by;
}

function unrolled(ring: readonly Position[]): Position[] {
  let lng = ring[0]?.[0] ?? 0;
  return ring.map((point, at) => {
    lng += at === 0 ? 0 : step(ring[at - 1], point);
    return [lng, point[1] ?? 0];
  });
}

/** A cell that holds a pole, as a strip from 180 degrees west to east that ends at the pole. */
function polarCap(ring: readonly Position[]): Position[] {
  const corners = ring.slice(1).sort((a, b) => (a[0] ?? 0) - (b[0] ?? 0));
  const edge = corners[0]?.[1] ?? 0;
  const pole = edge > 0 ? 90 : -90;
  return [[-180, pole], [-180, edge], ...corners, [180, edge], [180, pole], [-180, pole]];
}

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

