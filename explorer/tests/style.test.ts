import type { Map as MapLibre } from "maplibre-gl";
import { describe, expect, it, vi } from "vitest";

vi.mock("virtual:land", () => ({ coarse: { type: "FeatureCollection", features: [] }, fine: "land.geojson" }));
vi.stubGlobal("document", { baseURI: "https://swath.example/" });

const { DAY, fill, landOf, styleOf } = await import("../src/map/style");

describe("the land", () => {
  it("is coarse, and asks for nothing, until the map is near", () => {
    expect(styleOf(DAY, true, null, false).sources["land"]).toMatchObject({ data: { type: "FeatureCollection" } });
    expect(landOf(true)).toBe("https://swath.example/land.geojson");
  });
});

describe("what the explorer draws", () => {
  const seen = () => {
    const style = styleOf(DAY, true, null);
    const layers = new Map(style.layers.map((each) => [each.id, each.layout?.visibility ?? "visible"]));
    const map = {
      getSource: (name: string) => (name in style.sources ? { setData: () => Promise.resolve() } : undefined),
      setLayoutProperty: (id: string, _: string, value: "visible" | "none") => layers.set(id, value),
    } as unknown as MapLibre;
    return { map, visible: () => [...layers].filter(([, value]) => value === "visible").map(([id]) => id) };
  };

  it("costs nothing while there is nothing", () => {
    const { map, visible } = seen();
    const land = visible();
    expect(land).toEqual(["sea", "land", "shore"]);
    fill(map, "area", [{ type: "Feature", properties: {}, geometry: { type: "Point", coordinates: [0, 0] } }]);
    expect(visible()).toEqual([...land, "area-fill", "area-line"]);
    fill(map, "area", []);
    expect(visible()).toEqual(land);
  });
});

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
