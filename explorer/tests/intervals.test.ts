import { describe, expect, it } from "vitest";
import { bars, brushed, endOf, INTERVALS, intervalFor, startOf } from "../src/state/intervals";

const at = (text: string) => Date.parse(text) / 1000;

describe("intervals", () => {
  it.each([
    ["minute", "2024-02-29T13:45:00Z", "2024-02-29T13:46:00Z"],
    ["hour", "2024-02-29T13:00:00Z", "2024-02-29T14:00:00Z"],
    ["day", "2024-02-29T00:00:00Z", "2024-03-01T00:00:00Z"],
    ["month", "2024-02-01T00:00:00Z", "2024-03-01T00:00:00Z"],
    ["year", "2024-01-01T00:00:00Z", "2025-01-01T00:00:00Z"],
  ] as const)("begin and end in UTC: %s", (interval, start, end) => {
    expect(startOf(at("2024-02-29T13:45:59Z"), interval)).toBe(at(start));
    expect(endOf(at("2024-02-29T13:45:59Z"), interval)).toBe(at(end));
    expect(startOf(at(end), interval)).toBe(at(end));
  });

  it("hold before 1970, too", () => {
    expect(startOf(at("1969-12-31T23:59:30Z"), "day")).toBe(at("1969-12-31T00:00:00Z"));
    expect(endOf(at("1969-12-31T23:59:30Z"), "year")).toBe(0);
  });

  it("are chosen so that the bars can be seen", () => {
    expect(intervalFor(0, 600)).toBe("minute");
    expect(intervalFor(at("2024-01-01T00:00:00Z"), at("2024-09-01T00:00:00Z"))).toBe("day");
    expect(intervalFor(at("1981-01-01T00:00:00Z"), at("2024-01-01T00:00:00Z"))).toBe("year");
    expect(intervalFor(at("1000-01-01T00:00:00Z"), at("2024-01-01T00:00:00Z"))).toBe("year");
    expect(INTERVALS).toContain(intervalFor(5, 5));
  });
});

describe("the histogram", () => {
  const buckets = [
    { key: "2024-03-01T00:00:00Z", frequency: 4 },
    { key: "2024-01-01T00:00:00Z", frequency: 3 },
  ];
  const found = bars(buckets, "month");

  it("has the months of nothing, too, in order", () => {
    expect(found.map((bar) => bar.count)).toEqual([3, 0, 4]);
    expect(found.map((bar) => bar.end)).toEqual(["2024-02-01", "2024-03-01", "2024-04-01"].map(at));
    expect(bars([], "day")).toEqual([]);
  });

  it("is brushed by whole bars", () => {
    const chosen = brushed(found, at("2024-02-20"), at("2024-03-02"));
    expect(chosen).toEqual({ from: "2024-02-01T00:00:00.000Z", to: "2024-04-01T00:00:00.000Z" });
    expect(brushed(found, at("2025-01-01"), at("2025-02-01"))).toBeNull();
  });
});
