import { latLngToCell } from "h3-js";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { EVERYTHING } from "../src/state/query";
import type { Item } from "../src/stac";

vi.stubGlobal("document", { baseURI: "https://swath.example/" });
vi.stubGlobal("location", { hash: "", href: "https://swath.example/" });
const density = vi.fn();
const inView = vi.fn();
vi.mock("../src/stac", () => ({ density, inView }));
const { extentOf, extentOfCell } = await import("../src/map/extent");

const cell = (lng: number, lat: number, resolution: number) => latLngToCell(lat, lng, resolution);

function image(west: number, south: number, size: number): Item {
  const [east, north] = [west + size, south + size];
  const ring = [[west, south], [east, south], [east, north], [west, north], [west, south]];
  return { id: "i", collection: "c", geometry: { type: "Polygon", coordinates: [ring] }, properties: {}, assets: {} };
}

beforeEach(() => {
  density.mockReset();
  inView.mockReset();
});

describe("the box of all results", () => {
  it("is that of their footprints, if all are there", async () => {
    expect(await extentOf(EVERYTHING, [image(7, 46, 1), image(9, 47, 1)], 2)).toEqual([7, 46, 10, 48]);
    expect(density).not.toHaveBeenCalled();
    expect(await extentOf(EVERYTHING, [], 0)).toBeNull();
  });

  it("is that of the cells that have some, if there are more, also far from those that are there", async () => {
    density.mockImplementation((_, __, resolution: number) =>
      Promise.resolve([cell(7, 46, resolution), cell(149, -35, resolution)].map((key) => ({ key, frequency: 1 }))));
    const [west, south, east, north] = (await extentOf(EVERYTHING, [image(7, 46, 1)], 2)) ?? [0, 0, 0, 0];
    expect(west).toBeLessThan(7);
    expect(south).toBeLessThan(-35);
    expect(east).toBeGreaterThan(149);
    expect(north).toBeGreaterThan(46);
  });

  it("is that of finer cells, if those of the earth are coarse for it; also across 180 degrees", async () => {
    density.mockImplementation((_, __, resolution: number) => Promise.resolve([{ key: cell(179.9, 0, resolution), frequency: 9 }]));
    const [west, , east] = (await extentOf(EVERYTHING, [], 9)) ?? [0, 0, 0, 0];
    expect(east - west).toBeLessThan(4);
    const [from, , to] = density.mock.calls[1]?.[1] as readonly number[];
    expect(from).toBeGreaterThan(170);
    expect(to).toBeLessThan(-170);
  });
});

describe("the box of a cell", () => {
  const key = cell(7, 46, 2);

  it("is that of its images, where they are few", async () => {
    inView.mockResolvedValue({ features: [image(7, 46, 0.1)], links: [] });
    const [west, south, east, north] = (await extentOfCell(EVERYTHING, key, 1)) ?? [0, 0, 0, 0];
    expect([west, south]).toEqual([7, 46]);
    expect(east - west + north - south).toBeCloseTo(0.2);
  });

  it("is the cell's, where they are many, or gone meanwhile", async () => {
    const whole = await extentOfCell(EVERYTHING, key, 1000);
    expect(inView).not.toHaveBeenCalled();
    inView.mockResolvedValue({ features: [], links: [] });
    expect(await extentOfCell(EVERYTHING, key, 1)).toEqual(whole);
  });
});
