import { beforeEach, describe, expect, it, vi } from "vitest";
import type { Page } from "../src/stac";

vi.stubGlobal("document", { baseURI: "https://swath.example/" });
vi.stubGlobal("location", { hash: "", href: "https://swath.example/" });
const density = vi.fn();
const inView = vi.fn();
vi.mock("../src/stac", () => ({ density, inView }));

const { token } = await import("../src/api");
const { followMap, found, resolutionAt, where } = await import("../src/map/found");
const { change, clear, query, shown } = await import("../src/store");

const CELLS = [{ key: "82754ffffffffff", frequency: 3 }];
const BOX = [6, 45, 9, 48] as const;
const page = (matched: number): Page => ({
  numberMatched: matched,
  features: [{ id: "i", collection: "c", geometry: { type: "Point", coordinates: [7, 46] }, properties: {}, assets: {} }],
  links: [],
});

followMap();

/** Let everything happen that waits for time. */
const settle = () => vi.advanceTimersByTimeAsync(1000);

beforeEach(async () => {
  vi.useFakeTimers();
  token.value = null;
  where.value = { bounds: null, zoom: 1.2 };
  clear();
  await settle();
  density.mockReset().mockResolvedValue(CELLS);
  inView.mockReset().mockResolvedValue(page(1));
});

describe("what the map shows", () => {
  it("is nothing, and nothing is asked, until the caller may ask", async () => {
    await settle();
    expect(density).not.toHaveBeenCalled();
    expect(found.value.buckets).toEqual([]);
  });

  it("is asked for at once, of all the earth, without a map", async () => {
    token.value = "t";
    await vi.advanceTimersByTimeAsync(0);
    expect(density).toHaveBeenCalledWith(query.value, null, 1, expect.anything());
    expect(found.value.buckets).toEqual(CELLS);
    expect(shown.value).toBe("The map counts 3 images in 1 cell, by the middle of each.");
  });

  it("is not asked for again when the map comes and looks at the same", async () => {
    token.value = "t";
    await settle();
    where.value = { bounds: null, zoom: 1.2 };
    change({ sort: "+id" });
    await settle();
    expect(density).toHaveBeenCalledTimes(1);
  });

  it("is footprints where there are few, and counts where there are more than came", async () => {
    token.value = "t";
    where.value = { bounds: BOX, zoom: 6 };
    await settle();
    expect(found.value.items.map((each) => each.id)).toEqual(["i"]);
    expect(shown.value).toBe("The map shows the footprint of 1 image.");
    inView.mockResolvedValue(page(2));
    change({ cloud: 50 });
    await settle();
    expect(found.value.items).toEqual([]);
    expect(density).toHaveBeenLastCalledWith(query.value, BOX, resolutionAt(6, BOX), expect.anything());
  });

  it("is the last question's, though an earlier answer comes later", async () => {
    let answer: (cells: typeof CELLS) => void = () => undefined;
    density.mockReturnValueOnce(new Promise((resolve) => (answer = resolve)));
    token.value = "t";
    await settle();
    change({ cloud: 50 });
    await settle();
    answer([{ key: "82755ffffffffff", frequency: 9 }]);
    await settle();
    expect(found.value.buckets).toEqual(CELLS);
  });

  it("says why it is not there, and is asked for again with the next change", async () => {
    density.mockRejectedValueOnce(new Error("too much to do"));
    token.value = "t";
    await settle();
    expect(shown.value).toBe("The map cannot show this: too much to do");
    density.mockRejectedValueOnce(new Error("the property is unknown; known are ".repeat(9)));
    change({ cloud: 7 });
    await settle();
    expect(shown.value.length).toBeLessThan(160);
    expect(shown.value).toMatch(/^The map cannot show this: the property.*…$/);
    where.value = { bounds: null, zoom: 1.2 };
    await settle();
    expect(found.value.buckets).toEqual(CELLS);
  });
});

describe("cells of another look", () => {
  it("are taken away where they are far too coarse for the next one, and stay where they are not", async () => {
    token.value = "t";
    await settle();
    density.mockReturnValue(new Promise(() => undefined));
    where.value = { bounds: null, zoom: 2.4 };
    await settle();
    expect(found.value.buckets).toEqual(CELLS);
    where.value = { bounds: BOX, zoom: 6 };
    await settle();
    expect(found.value.buckets).toEqual([]);
  });

  it("say one image where there is one", async () => {
    density.mockResolvedValue([{ key: "82754ffffffffff", frequency: 1 }]);
    token.value = "t";
    await settle();
    expect(shown.value).toBe("The map counts 1 image in 1 cell, by the middle of each.");
  });
});

describe("the resolution of counts", () => {
  it.each([
    [0, null, 1],
    [1.39, null, 1],
    [1.4, null, 2],
    [2.8, null, 2],
    [2.8, [-90, -45, 90, 45], 2],
    [4.2, [0, 0, 67.5, 56], 3],
    [4.2, [170, 0, -170, 20], 4],
    [12, [8, 46, 8.2, 46.1], 9],
  ] as const)("at zoom %s within %j is %s: the API counts 10,000 cells at most", (zoom, bounds, wanted) => {
    expect(resolutionAt(zoom, bounds)).toBe(wanted);
  });
});
