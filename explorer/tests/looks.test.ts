import { expect, it, vi } from "vitest";
import { OWN_LOOK } from "../src/state/address";

vi.stubGlobal("document", { baseURI: "https://swath.example/" });
const { computedLook, rangeOf, withVersion } = await import("../src/looks");

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
