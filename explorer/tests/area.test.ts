import { describe, expect, it } from "vitest";
import { box, parseArea, withShortEdges } from "../src/state/area";

const SQUARE = { type: "Polygon", coordinates: [[[0, 0], [1, 0], [1, 1], [0, 0]]] };

describe("an area", () => {
  it.each([
    ["GeoJSON", JSON.stringify(SQUARE)],
    ["a feature", JSON.stringify({ type: "Feature", properties: { a: 1 }, geometry: SQUARE })],
    ["WKT", "POLYGON ((0 0, 1 0, 1 1, 0 0))"],
    ["WKT in small letters", "polygon((0 0,1 0,1 1,0 0))"],
    ["EWKT", "SRID=4326;POLYGON ((0 0, 1 0, 1 1, 0 0))"],
  ])("is taken as %s", (_, text) => {
    expect(parseArea(text)).toEqual(SQUARE);
  });

  it("is taken as the numbers of a box", () => {
    expect(parseArea("8, 46, 9, 47")).toEqual(box(8, 46, 9, 47));
    expect(parseArea("8 46 9 47")).toEqual(box(8, 46, 9, 47));
  });

  it("is two where a box crosses 180 degrees", () => {
    expect(parseArea("170,-10,-170,10")).toEqual({
      type: "MultiPolygon",
      coordinates: [
        [[[170, -10], [180, -10], [180, 10], [170, 10], [170, -10]]],
        [[[-180, -10], [-170, -10], [-170, 10], [-180, 10], [-180, -10]]],
      ],
    });
  });

  it("is one where a box ends at 180 degrees", () => {
    expect(parseArea("170, 0, -180, 1")).toEqual(box(170, 0, 180, 1));
    expect(parseArea("180, 0, -170, 1")).toEqual(box(-180, 0, -170, 1));
  });

  it("is all polygons of a collection", () => {
    const features = [1, 2].map(() => ({ type: "Feature", properties: {}, geometry: SQUARE }));
    expect(parseArea(JSON.stringify({ type: "FeatureCollection", features }))).toEqual({
      type: "MultiPolygon",
      coordinates: [SQUARE.coordinates, SQUARE.coordinates],
    });
  });

  it.each([
    ["", "empty"],
    ["hello", "none of GeoJSON, WKT"],
    ["{", "no GeoJSON"],
    ["{}", "something else"],
    ['{"type":"LineString","coordinates":[[0,0],[1,1]]}', "a LineString"],
    ['{"type":"FeatureCollection","features":[]}', "no polygon"],
    ['{"type":"FeatureCollection"}', "a FeatureCollection without features"],
    ['{"type":"FeatureCollection","features":{"type":"Feature"}}', "a FeatureCollection without features"],
    ['{"type":"FeatureCollection","features":[null]}', "something else"],
    ['{"type":"Feature","properties":{}}', "a Feature without a geometry"],
    ['{"type":"GeometryCollection"}', "a GeometryCollection without geometries"],
    ['{"type":"Polygon"}', "a Polygon without rings"],
    ['{"type":"Polygon","coordinates":[[["0","0"],["1","0"],["1","1"]]]}', "a Polygon without rings"],
    ["POLYGON EMPTY", "a Polygon without rings"],
    [`${'{"type":"GeometryCollection","geometries":['.repeat(9000)}${"]}".repeat(9000)}`, "a GeometryCollection"],
    ["POINT (1 1)", "a Point"],
    ['{"type":"Point","coordinates":[1,1]}', "a Point"],
    ["SRID=3857;POLYGON ((0 0, 1 0, 1 1, 0 0))", "SRID 4326"],
    ["0, 0, 0, 0", "without an inside"],
    ["8, 46, 9, 46", "without an inside"],
    ["180, 0, -180, 1", "without an inside"],
    ["POLYGON ((0 0, 1 1, 2 2, 0 0))", "without an inside"],
    ["POLYGON ((0 0, 1 0))", "without an inside"],
    ["8, 47, 9, 46", "the order is west, south, east, north"],
    ["POLYGON ((170 -10, -170 -10, -170 10, 170 10, 170 -10))", "either way round the earth"],
    ["POLYGON ((500000 5100000, 510000 5100000, 510000 5110000, 500000 5100000))", "is no place"],
  ])("that is none is refused with what would be right: %s", (text, words) => {
    expect(() => parseArea(text)).toThrow(words);
  });
});

describe("a wide area", () => {
  it("is two boxes, since the API takes edges the short way", () => {
    const part = (west: number, east: number) => (box(west, -5, east, 5) as { coordinates: unknown }).coordinates;
    expect(parseArea("-170, -5, 170, 5")).toEqual({ type: "MultiPolygon", coordinates: [part(-170, 0), part(0, 170)] });
  });

  it("gets corners within long edges where it is drawn", () => {
    const ring = [[-170, -5], [170, -5], [170, 5], [-170, 5], [-170, -5]];
    const found = withShortEdges({ type: "Polygon", coordinates: [ring] }).coordinates[0] ?? [];
    found.slice(1).forEach(([to = 0], at) => expect(Math.abs(to - (found[at]?.[0] ?? 0))).toBeLessThanOrEqual(90));
    ring.forEach((corner) => expect(found).toContainEqual(corner));
    expect(found.at(-1)).toEqual(found[0]);
  });
});
