import { cellToBoundary, getRes0Cells, latLngToCell } from "h3-js";
import type { Geometry, Position } from "geojson";
import { describe, expect, it } from "vitest";
import { cellPolygon } from "../src/state/cells";
import { boundsOf, footprintFeatures, outlines } from "../src/state/shapes";

const lngs = (ring: Position[] | undefined) => (ring ?? []).map((point) => point[0] ?? 0);
const longest = (ring: Position[] | undefined) => {
  const all = lngs(ring);
  return Math.max(...all.slice(1).map((lng, at) => Math.abs(lng - (all[at] ?? 0))));
};

describe("a cell", () => {
  it("is its boundary in the middle of the map", () => {
    const cell = latLngToCell(46, 8, 4);
    expect(cellPolygon(cell).coordinates).toEqual([cellToBoundary(cell, true)]);
  });

  it("does not run round the globe where it crosses 180 degrees", () => {
    const cell = latLngToCell(0, 180, 2);
    const plain = cellToBoundary(cell, true) as Position[];
    expect(longest(plain)).toBeGreaterThan(300);
    expect(longest(cellPolygon(cell).coordinates[0])).toBeLessThan(10);
  });

  it.each([90, -90])("holds the pole at %d", (lat) => {
    const ring = cellPolygon(latLngToCell(lat, 0, 2)).coordinates[0];
    expect(Math.min(...lngs(ring))).toBe(-180);
    expect(Math.max(...lngs(ring))).toBe(180);
    expect(ring?.some((point) => point[1] === lat)).toBe(true);
  });

  it("is never wider than half the globe but at the poles", () => {
    for (const cell of getRes0Cells()) {
      const ring = cellPolygon(cell).coordinates[0];
      const holdsPole = ring?.some((point) => Math.abs(point[1] ?? 0) === 90) === true;
      expect(holdsPole || longest(ring) < 180).toBe(true);
    }
  });
});

/** 10 degrees on either side of 180, cut there as GeoJSON wants it. */
const CUT: Geometry = {
  type: "MultiPolygon",
  coordinates: [
    [[[170, 0], [180, 0], [180, 10], [170, 10], [170, 0]]],
    [[[-180, 0], [-170, 0], [-170, 10], [-180, 10], [-180, 0]]],
  ],
};

describe("a footprint across 180 degrees", () => {
  it("has an outline without the cut", () => {
    const segments = outlines(CUT).flatMap((line) => line.slice(1).map((point, at) => [line[at], point]));
    const onCut = segments.filter((pair) => pair.every((point) => Math.abs(point?.[0] ?? 0) === 180));
    expect(onCut).toEqual([]);
    expect(segments).toHaveLength(6);
  });

  it("is filled whole, in both parts", () => {
    const [fill] = footprintFeatures(CUT, { id: "a" });
    expect(fill?.geometry).toEqual(CUT);
  });

  it("is looked at across 180 degrees, not round the globe", () => {
    expect(boundsOf([CUT])).toEqual([170, 0, 190, 10]);
    expect(boundsOf([])).toBeNull();
  });
});
