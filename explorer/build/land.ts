import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { geoEquirectangular } from "d3-geo";
import { geoProject } from "d3-geo-projection";
import type { Feature, MultiPolygon, Polygon, Position } from "geojson";
import { feature } from "topojson-client";
import type { GeometryCollection, Topology } from "topojson-specification";
import type { Plugin } from "vite";

const MODULE = "virtual:land";
const EDGE = 179.99;

/**
 * The land outlines: `virtual:land` exports the coarse ones, which are drawn first and need no
 * request, and the address of a file of the build with the fine ones.
 *
 * The rings of world-atlas are stitched at 180 degrees: drawn on a plane they run around the globe.
 * Projecting them cuts them there; the cuts themselves are left out of the shore lines.
 */
export function land(): Plugin {
  return {
    name: "land",
    resolveId: (id) => (id === MODULE ? `\0${MODULE}` : undefined),
    load(id) {
      if (id !== `\0${MODULE}`) {
        return undefined;
      }
      const coarse = `export const coarse = JSON.parse(${JSON.stringify(JSON.stringify(outlines("110m")))});`;
      const fine = JSON.stringify(outlines("50m"));
      if (this.meta.watchMode) {
        const address = `data:application/geo+json,${encodeURIComponent(fine)}`;
        return `${coarse}\nexport const fine = ${JSON.stringify(address)};`;
      }
      const file = this.emitFile({ type: "asset", name: "land.geojson", source: fine });
      return `${coarse}\nexport const fine = import.meta.ROLLUP_FILE_URL_${file};`;
    },
  };
}

/** Return the land as polygons, and its shores as lines, longitude and latitude to 0.01 degrees. */
export function outlines(scale: "50m" | "110m"): { type: "FeatureCollection"; features: Feature[] } {
  const path = createRequire(import.meta.url).resolve(`world-atlas/land-${scale}.json`);
  const atlas = JSON.parse(readFileSync(path, "utf8")) as Topology<{ land: GeometryCollection }>;
  const plane = geoEquirectangular()
    .scale(180 / Math.PI)
    .translate([0, 0])
    .precision(0);
  const projected = geoProject(feature(atlas, atlas.objects.land), plane) as {
    features: Feature<Polygon | MultiPolygon>[];
  };
  const polygons = projected.features.flatMap(({ geometry }) =>
    geometry.type === "Polygon" ? [geometry.coordinates] : geometry.coordinates,
  );
  const rings = polygons
    .map((polygon) => polygon.map(rounded).filter((ring) => ring.length > 3))
    .filter((polygon) => polygon.length > 0);
  return {
    type: "FeatureCollection",
    features: [
      part("land", { type: "MultiPolygon", coordinates: rings }),
      part("shore", { type: "MultiLineString", coordinates: rings.flat().flatMap(shores) }),
    ],
  };
}

function part(kind: string, geometry: Feature["geometry"]): Feature {
  return { type: "Feature", properties: { kind }, geometry };
}

function rounded(ring: Position[]): Position[] {
  const points = ring.map(([x, y]) => [
    Math.round((x ?? 0) * 100) / 100,
    Math.round(-(y ?? 0) * 100) / 100,
  ]);
  return points.filter((point, at) => at === 0 || String(point) !== String(points[at - 1]));
}

/** Return a ring's pieces without what runs along 180 degrees or the pole. */
function shores(ring: Position[]): Position[][] {
  const lines: Position[][] = [[]];
  ring.forEach((point, at) => {
    const before = ring[at - 1];
    if (before !== undefined && onEdge(before) && onEdge(point)) {
      lines.push([]);
    }
    lines.at(-1)?.push(point);
  });
  return lines.filter((line) => line.length > 1);
}

function onEdge([x = 0, y = 0]: Position): boolean {
  return Math.abs(x) >= EDGE || y <= -89.99;
}
