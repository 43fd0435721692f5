import { describe, expect, it, vi } from "vitest";

vi.stubGlobal("location", { hash: "", href: "https://swath.example/" });
let renderer = "ANGLE (NVIDIA, NVIDIA GeForce RTX 3060)";
const gl = { RENDERER: 1, getExtension: () => null, getParameter: () => renderer };
vi.stubGlobal("document", { baseURI: "https://swath.example/", createElement: () => ({ getContext: () => gl }) });

const { ALL_BELOW, where } = await import("../src/map/found");
const { EARTH, lookAhead, turnedZoom, zoomOfEarth } = await import("../src/map/earth");
const { isFlat } = await import("../src/map/state");
const { view } = await import("../src/store");

const PANE = { clientWidth: 920, clientHeight: 560 } as HTMLElement;

describe("the zoom of the earth", () => {
  it("lets a globe fill nine tenths of the shorter side, as it is seen from the map's camera", () => {
    const [height, fieldOfView] = [560, 36.87];
    const zoom = zoomOfEarth(920, height, false);
    const away = height / 2 / Math.tan((fieldOfView * Math.PI) / 360);
    const radius = (512 * 2 ** zoom) / (2 * Math.PI) / Math.cos((EARTH.lat * Math.PI) / 180);
    const seen = (2 * radius * away) / Math.sqrt(away * (away + 2 * radius));
    expect(seen / height).toBeGreaterThan(0.85);
    expect(seen / height).toBeLessThan(0.95);
  });

  it("lets a plane fill the longer side, so that no earth is seen twice and no gap is left", () => {
    expect(512 * 2 ** zoomOfEarth(1024, 700, true)).toBe(1024);
    expect(512 * 2 ** zoomOfEarth(600, 1024, true)).toBe(1024);
  });

  it.each([
    [0, 0, false, 0],
    [100, 80, true, 0],
    [5000, 4000, false, ALL_BELOW - 0.1],
    [5000, 4000, true, ALL_BELOW - 0.1],
  ])("of a pane of %s by %s stays one at which the map asks for all of it", (width, height, flat, zoom) => {
    expect(zoomOfEarth(width, height, flat)).toBe(zoom);
  });
});

describe("looking ahead", () => {
  it("is at a globe, with a graphics card", () => {
    const at = lookAhead(PANE);
    expect(at).toEqual({ ...EARTH, zoom: zoomOfEarth(920, 560, false) });
    expect(isFlat.value).toBe(false);
    expect(where.value).toEqual({ bounds: null, zoom: at.zoom });
  });

  it("is at a plane, where the processor draws", () => {
    renderer = "llvmpipe (LLVM 15.0.7, 256 bits)";
    const at = lookAhead(PANE);
    expect(at).toEqual({ ...EARTH, zoom: zoomOfEarth(920, 560, true) });
    expect(isFlat.value).toBe(true);
  });

  it("is where the address says, and asks nothing before the bounds are known", () => {
    where.value = null;
    view.value = { lng: 7, lat: 46, zoom: 8, flat: false };
    expect(lookAhead(PANE)).toBe(view.value);
    expect(where.value).toBeNull();
    view.value = { lng: 7, lat: 46, zoom: 1, flat: false };
    lookAhead(PANE);
    expect(where.value).toEqual({ bounds: null, zoom: 1 });
  });
});

describe("a globe that becomes a plane, or back", () => {
  it("goes on to show the whole earth", () => {
    const [globe, plane] = [zoomOfEarth(920, 560, false), zoomOfEarth(920, 560, true)];
    expect(turnedZoom(PANE, globe, false)).toBe(plane);
    expect(turnedZoom(PANE, plane, true)).toBe(globe);
    expect(turnedZoom(PANE, 0, true)).toBe(globe);
  });

  it("stays as near as it is", () => {
    expect(turnedZoom(PANE, 5, false)).toBe(5);
  });
});
