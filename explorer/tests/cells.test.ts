import { latLngToCell } from "h3-js";
import { describe, expect, it } from "vitest";
import { towards } from "../src/state/cells";

const EUROPE = { lng: 10, lat: 25 };
const cell = (lng: number, lat: number, frequency = 1) => ({ key: latLngToCell(lat, lng, 2), frequency });

describe("where to look on a globe", () => {
  it("is where it was, if most is seen from there", () => {
    expect(towards([cell(10, 47, 6), cell(-150, 0, 5)], EUROPE)).toBeNull();
    expect(towards([], EUROPE)).toBeNull();
  });

  it("is the middle of what is on the other side, also across 180 degrees", () => {
    const to = towards([cell(170, -20, 10), cell(-170, -20, 10), cell(10, 47, 3)], EUROPE);
    expect(Math.abs(to?.lng ?? 0)).toBeGreaterThan(170);
    expect(to?.lat).toBeLessThan(-10);
  });

  it("is above a pole for what lies around it", () => {
    const to = towards([0, 90, 180, 270].map((lng) => cell(lng, -80)), EUROPE);
    expect(to?.lat).toBeLessThan(-80);
  });

  it("is where it was, if no other side shows more of what lies everywhere", () => {
    const spread = [-150, -110, 110, 150, -60].flatMap((lng) => [cell(lng, 5), cell(lng, -5)]);
    expect(towards([...spread, cell(10, 5, 3), cell(40, 5, 1)], EUROPE)).toBeNull();
  });
});
