import { describe, expect, it, vi } from "vitest";

vi.mock("virtual:land", () => ({ default: "land.geojson" }));
vi.stubGlobal("document", { baseURI: "https://swath.example/" });

const { DAY, styleOf } = await import("../src/map/style");

describe("labels", () => {
  const tiles = "https://tiles.example/{z}/{x}/{y}.png";

  it("are above everything else", () => {
    const style = styleOf(DAY, true, { tiles, attribution: "Names" });
    expect(style.layers.at(-1)).toEqual({ id: "labels", type: "raster", source: "labels" });
    expect(style.sources["labels"]).toMatchObject({ tiles: [tiles] });
  });

  it("are not asked for where the stack names none", () => {
    const style = styleOf(DAY, true, null);
    expect(JSON.stringify(style)).not.toContain("labels");
    expect(JSON.stringify(style.sources).match(/https?:[^"]*/g)).toEqual(["https://swath.example/land.geojson"]);
  });
});
