import { describe, expect, it } from "vitest";
import { bars, brushed, endOf, holds, INTERVALS, intervalFor, marksOf, namesOf, nearer, startOf } from "../src/state/intervals";

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

  it("hold in the first century, too", () => {
    const first = at("0001-01-01T00:00:00Z");
    expect(startOf(first + 5, "year")).toBe(first);
    expect(endOf(first, "month")).toBe(at("0001-02-01T00:00:00Z"));
    expect(endOf(first, "year")).toBe(at("0002-01-01T00:00:00Z"));
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

describe("a nearer look", () => {
  const days = bars([{ key: "2024-01-01T00:00:00Z", frequency: 1 }, { key: "2024-03-01T00:00:00Z", frequency: 1 }, { key: "2024-03-04T00:00:00Z", frequency: 1 }, { key: "2024-12-30T00:00:00Z", frequency: 2 }], "day");
  const years = bars([{ key: "0001-01-01T00:00:00Z", frequency: 1 }, { key: "1990-01-01T00:00:00Z", frequency: 1 }, { key: "2120-01-01T00:00:00Z", frequency: 1 }, { key: "9999-01-01T00:00:00Z", frequency: 2 }], "year");

  it("has shorter bars within whole intervals of what is chosen", () => {
    expect(nearer(days, "day", "2024-03-01T00:00:00.000Z", "2024-03-05T00:00:00.000Z")).toEqual({
      from: "2024-03-01T00:00:00.000Z",
      to: "2024-03-05T00:00:00.000Z",
      interval: "hour",
    });
    expect(nearer(days, "day", "2024-03-01T10:17:30.000Z", "2024-03-05T07:05:00.000Z")).toEqual({
      from: "2024-03-01T10:00:00.000Z",
      to: "2024-03-05T08:00:00.000Z",
      interval: "hour",
    });
  });

  it("may have as long ones, of which there are much fewer", () => {
    expect(nearer(years, "year", "1900-01-01T00:00:00.000Z", null)).toBeNull();
    const some = nearer(years, "year", "1950-01-01T00:00:00.000Z", "2150-01-01T00:00:00.000Z");
    expect(some).toEqual({ from: "1950-01-01T00:00:00.000Z", to: "2150-01-01T00:00:00.000Z", interval: "year" });
  });

  it("has the interval that suits what is there, however much is chosen", () => {
    const some = nearer(years, "year", "1950-01-01T00:00:00.000Z", "2100-01-01T00:00:00.000Z");
    expect(some).toEqual({ from: "1950-01-01T00:00:00.000Z", to: "2100-01-01T00:00:00.000Z", interval: "day" });
  });

  it("is none where it would not tell more", () => {
    expect(nearer(days, "day", "2024-01-01T00:00:00.000Z", "2024-12-31T00:00:00.000Z")).toBeNull();
    expect(nearer(days, "day", null, null)).toBeNull();
    expect(nearer([], "day", "2024-02-01T00:00:00.000Z", null)).toBeNull();
    expect(nearer(days, "day", "1999-02-01T00:00:00.000Z", "1999-02-02T00:00:00.000Z")).toBeNull();
  });

  it("holds the times within it", () => {
    const part = { from: "2024-03-01T00:00:00.000Z", to: null, interval: "hour" } as const;
    expect(holds(part, "2024-03-01T00:00:00.000Z", null)).toBe(true);
    expect(holds(part, "2024-03-02T00:00:00.000Z", "2024-03-03T00:00:00.000Z")).toBe(true);
    expect(holds(part, "2024-02-28T00:00:00.000Z", "2024-03-03T00:00:00.000Z")).toBe(false);
    expect(holds({ ...part, to: "2024-04-01T00:00:00.000Z" }, "2024-03-02T00:00:00.000Z", null)).toBe(false);
    expect(holds(part, null, null)).toBe(false);
  });

  it("of the last year has an open end: the API knows no year of five digits", () => {
    expect(brushed(years, at("9998-06-01T00:00:00Z"), at("9999-06-01T00:00:00Z"))).toEqual({ from: "9998-01-01T00:00:00.000Z", to: null });
  });
});

describe("the axis of times", () => {
  const named = (from: string, to: string, room: number) => namesOf(marksOf(at(from), at(to), room));

  it("is marked in UTC, as times are written everywhere", () => {
    expect(named("1992-01-23T23:14:00Z", "1992-01-23T23:15:00Z", 6)).toEqual(["23:14\n1992-01-23", "23:15"]);
    expect(named("2024-03-01T20:00:00Z", "2024-03-02T05:00:00Z", 4)).toEqual(["21:00\n2024-03-01", "00:00\n2024-03-02", "03:00"]);
    expect(named("2024-02-27T00:00:00Z", "2024-03-02T00:00:00Z", 5)).toEqual(["27", "28", "29"].map((day) => `2024-02-${day}`).concat("2024-03-01", "2024-03-02"));
    expect(named("2023-11-05T00:00:00Z", "2024-08-01T00:00:00Z", 4)).toEqual(["2024-01", "2024-04", "2024-07"]);
    expect(named("1984-01-01T00:00:00Z", "2012-01-01T00:00:00Z", 6)).toEqual(["1985", "1990", "1995", "2000", "2005", "2010"]);
  });

  it("is marked however long it is", () => {
    expect(named("0001-01-01T00:00:00Z", "+010000-01-01T00:00:00Z", 7)).toEqual(["2000", "4000", "6000", "8000", "10000"]);
  });
});
