import { describe, expect, it, vi } from "vitest";
import { OWN_LOOK } from "../src/state/address";

vi.stubGlobal("document", { baseURI: "https://swath.example/" });
const ask = vi.fn();
vi.mock("../src/api", () => ({ ask }));
const { bandsOf, computedLook, lookQuery, pictureBands, rangeOf, withVersion } = await import("../src/looks");

it("gives the picture of a replaced image another address", () => {
  const [before, after] = ["2024-05-01T00:00:00Z", "2024-05-02T00:00:00Z"].map((at) => withVersion("bands=red", at));
  expect(before).toBe("bands=red&v=2024-05-01T00%3A00%3A00Z");
  expect(after).not.toBe(before);
  expect(withVersion("bands=red", undefined)).toBe("bands=red");
  expect(withVersion("", "2024-05-01T00:00:00Z")).toBe(""); // nothing to draw stays nothing
});

it("begins an expression with a range of its own", () => {
  const ndvi = "(nir - red) / (nir + red)";
  const stretched = { ...OWN_LOOK, bands: ["red"], range: [0, 3000] as const };
  expect(computedLook(stretched, ndvi)).toEqual({ expression: ndvi, bands: [], range: [-1, 1], colormap: "viridis" });
  const chosen = { ...OWN_LOOK, expression: "nir - red", range: [0, 0.5] as const, colormap: "magma" };
  expect(computedLook(chosen, ndvi)).toMatchObject({ range: [0, 0.5], colormap: "magma" });
  expect(computedLook(chosen, "")).toEqual({ expression: "", range: null, colormap: "" });
});

it("takes a range that is whole and ascends", () => {
  expect(rangeOf("0", "100")).toEqual([0, 100]);
  expect(rangeOf("", " ")).toBe(null);
  for (const [low, high] of [["100", ""], ["", "1"], ["100", "1"], ["1", "1"], ["x", "2"]] as const) {
    expect(rangeOf(low, high)).toBe(undefined);
  }
});

describe("the bands of a picture that nobody chose", () => {
  const band = (name: string, more = {}) => ({ name, type: "spectral", data_type: "Byte", ...more });
  const red = { extra_properties: { "eo:common_name": "red" } };

  it.each([
    [[], ["blue", "green", "red", "nir"], ["red", "green", "blue"]],
    [["nir"], ["blue", "green", "red", "nir"], ["nir"]],
    [["swir1", "nir", "red"], ["red", "nir", "swir1"], ["swir1", "nir", "red"]],
    [["nir", "alpha"], ["nir", "red"], ["nir"]],
    [["gone", "b2", "red"], ["red", "b2"], ["b2"]],
    [[], ["b1", "b2", "b3", "b4"], ["b1", "b2", "b3"]],
    [[], ["b1", "b2"], ["b1"]],
    [[], [], []],
  ])("are, where the product is shown by %j and has %j, %j", (display, names, wanted) => {
    expect(pictureBands({ all: names.map((name) => band(name)), display })).toEqual(wanted);
  });

  it("are colours by their common names, and no masks", () => {
    const all = [band("qa", { type: "mask" }), band("Blue"), band("b3", { type: "mask" }), band("Green"), band("b4", red)];
    expect(pictureBands({ all, display: [] })).toEqual(["b4", "Green", "Blue"]);
    expect(pictureBands({ all: all.slice(0, 3), display: ["qa"] })).toEqual(["Blue"]);
  });

  it("are asked for with what the product is shown by, once, and in their order", async () => {
    ask.mockResolvedValue({
      data: [{ attributes: band("b", { sort_order: 2 }) }, { attributes: band("a", { sort_order: 1 }) }],
      included: [{ attributes: { default_display_bands: ["b"] } }],
    });
    expect((await bandsOf("p")).all.map((each) => each.name)).toEqual(["a", "b"]);
    expect(await lookQuery("p", OWN_LOOK)).toBe("bands=b");
    expect(ask).toHaveBeenCalledTimes(1);
  });
});
