import { wktToGeoJSON } from "@terraformer/wkt";
import type { Geometry, Polygon, Position } from "geojson";
import { isArea } from "./address";

/** What a text must be, for whoever typed another one. */
const FORMS = "GeoJSON, WKT, or west, south, east, north in degrees";

/** Return the area that a text describes. Throws an Error that says what would be right. */
export function parseArea(text: string): Geometry {
  const given = text.trim();
  if (given === "") {
    throw new Error(`This is empty: it must be ${FORMS}.`);
  }
  const area = given.startsWith("{") ? fromGeoJson(given) : (fromNumbers(given) ?? fromWkt(given));
  checkPlaces(area);
  checkEdges(area);
  checkSizes(area);
  return area;
}

/** Degrees that an edge may span: a longer one could also be meant the other way round the earth. */
const LONGEST_EDGE = 180;

/** Return a box as a polygon; one across 180 degrees (west > east), or wider than that, as two. */
export function box(west: number, south: number, east: number, north: number): Geometry {
  const part = (w: number, e: number): Position[][] => [
    [
      [w, south],
      [e, south],
      [e, north],
      [w, north],
      [w, south],
    ],
  ];
  if (west > east && west < 180 && east > -180) {
    return { type: "MultiPolygon", coordinates: [part(west, 180), part(-180, east)] };
  }
  if (west > east) {
    return west < 180 ? box(west, south, 180, north) : box(-180, south, east, north); // it ends at 180 degrees
  }
  if (east - west > LONGEST_EDGE) {
    const middle = (west + east) / 2;
    return { type: "MultiPolygon", coordinates: [part(west, middle), part(middle, east)] };
  }
  return { type: "Polygon", coordinates: part(west, east) };
}

/** Return a drawn polygon with corners within its long edges: it is the area that the map shows. */
export function withShortEdges(polygon: Polygon): Polygon {
  const coordinates = polygon.coordinates.map((ring) =>
    ring.flatMap((to, at) => {
      const from = ring[at - 1];
      return from === undefined ? [to] : steps(from, to);
    }),
  );
  return { type: "Polygon", coordinates };
}

/** Return the places on the way from one corner to the next, which is the last of them. */
function steps([x = 0, y = 0]: Position, [toX = 0, toY = 0]: Position): Position[] {
  const number = Math.max(1, Math.ceil(Math.abs(toX - x) / (LONGEST_EDGE / 2)));
  return Array.from({ length: number }, (_, at) => {
    const share = (at + 1) / number;
    return share === 1 ? [toX, toY] : [x + share * (toX - x), y + share * (toY - y)];
  });
}

function fromNumbers(text: string): Geometry | null {
  const numbers = text.split(/[\s,;]+/).map(Number);
  const [west, south, east, north] = numbers;
  if (numbers.length !== 4 || !numbers.every(Number.isFinite)) {
    return null;
  }
  if (west === undefined || south === undefined || east === undefined || north === undefined) {
    return null;
  }
  if (south > north) {
    throw new Error(`South (${south}) is above north (${north}): the order is west, south, east, north.`);
  }
  return box(west, south, east, north);
}

function fromWkt(text: string): Geometry {
  const [, srid] = /^SRID=(\d+);/i.exec(text) ?? [];
  if (srid !== undefined && srid !== "4326") {
    throw new Error(`This is in SRID ${srid}: longitude and latitude in degrees (SRID 4326) are needed.`);
  }
  let found: unknown;
  try {
    found = wktToGeoJSON(text.replace(/^SRID=4326;/i, "").toUpperCase()); // it has words of its own only
  } catch {
    throw new Error(`“${text.slice(0, 40)}” is none of ${FORMS}.`);
  }
  return polygonal(found);
}

function fromGeoJson(text: string): Geometry {
  let found: unknown;
  try {
    found = JSON.parse(text);
  } catch (error) {
    throw new Error(`This is no GeoJSON: ${error instanceof Error ? error.message : "not JSON"}.`);
  }
  return polygonal(found);
}

function polygonal(found: unknown): Geometry {
  const parts = geometries(found);
  const [only] = parts;
  if (parts.length === 1 && only !== undefined && isArea(only)) {
    return { type: only.type, coordinates: (only as Polygon).coordinates } as Geometry;
  }
  const polygons = parts.flatMap((part) => {
    if (!isArea(part)) {
      throw new Error(`An area is a polygon or several; this has ${kind(part)}.`);
    }
    return part.type === "Polygon" ? [part.coordinates] : (part as { coordinates: Position[][][] }).coordinates;
  });
  if (polygons.length === 0) {
    throw new Error("There is no polygon in this.");
  }
  return { type: "MultiPolygon", coordinates: polygons };
}

/** Collections of collections deeper than this are none that anything writes. */
const DEEPEST = 20;

function geometries(found: unknown, depth = 0): unknown[] {
  const given = (found ?? {}) as Readonly<Record<string, unknown>>;
  const within = { Feature: given["geometry"] && [given["geometry"]], FeatureCollection: given["features"], GeometryCollection: given["geometries"] };
  const parts: unknown = within[String(given["type"]) as keyof typeof within];
  return Array.isArray(parts) && depth < DEEPEST ? parts.flatMap((each) => geometries(each, depth + 1)) : [found];
}

function kind(part: unknown): string {
  const type = (part as { type?: unknown } | null)?.type;
  const name = typeof type === "string" ? `a ${type}` : "something else";
  return typeof type === "string" && type in PARTS ? `${name} without ${PARTS[type] ?? ""}` : name;
}

/** What makes something of these types an area, so that it is missing, or none, where they are none. */
const PARTS: Readonly<Record<string, string>> = {
  Feature: "a geometry",
  FeatureCollection: "features",
  GeometryCollection: "geometries",
  Polygon: "rings of longitudes and latitudes",
  MultiPolygon: "rings of longitudes and latitudes",
};

function polygonsOf(area: Geometry): Position[][][] {
  return area.type === "Polygon" ? [area.coordinates] : area.type === "MultiPolygon" ? area.coordinates : [];
}

/** Refuse what has no inside, as the API does. */
function checkSizes(area: Geometry): void {
  for (const polygon of polygonsOf(area)) {
    const short = polygon.find((ring) => new Set(ring.map(([x, y]) => `${x} ${y}`)).size < 3);
    if (short !== undefined || isLine(polygon[0] ?? [])) {
      throw new Error("This has a polygon without an inside: it needs at least three corners that are not on one line.");
    }
  }
}

function isLine(ring: readonly Position[]): boolean {
  const [[x0 = 0, y0 = 0] = []] = ring;
  const steps = ring.map(([x = 0, y = 0]): [number, number] => [x - x0, y - y0]);
  const [farX, farY] = steps.reduce((far, step) => (Math.hypot(...step) > Math.hypot(...far) ? step : far), [0, 0]);
  return steps.every(([x, y]) => x * farY === y * farX);
}

/** Refuse edges of which nobody can tell which way round the earth they go. */
function checkEdges(area: Geometry): void {
  for (const ring of polygonsOf(area).flat()) {
    ring.forEach(([to = 0], at) => {
      const from = ring[at - 1]?.[0] ?? to;
      if (Math.abs(to - from) > LONGEST_EDGE) {
        throw new Error(
          `An edge from longitude ${from} to ${to} can go either way round the earth: cut the area at 180 degrees, ` +
            "give the edge more corners, or give a box as west, south, east, north (west > east across 180).",
        );
      }
    });
  }
}

function checkPlaces(area: Geometry): void {
  const places = (area as unknown as { coordinates: unknown[] }).coordinates.flat(4) as number[];
  const flat = JSON.stringify((area as Polygon).coordinates).match(/\[[^[\]]+\]/g) ?? [];
  for (const text of flat) {
    const [lng = 0, lat = 0] = JSON.parse(text) as number[];
    if (Math.abs(lng) > 360 || Math.abs(lat) > 90) {
      throw new Error(`${lng}, ${lat} is no place: longitude and latitude in degrees are needed.`);
    }
  }
  if (places.length > 20_000) {
    throw new Error("This has more than 10,000 corners: simplify it first.");
  }
}
