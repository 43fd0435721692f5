import type { Geometry } from "geojson";
import { describe, expect, it } from "vitest";
import { comparisonsOf, EVERYTHING, itemsBody, searchBody, valueKind, valueOf, valueWords, withoutEach } from "../src/state/query";

const AREA: Geometry = { type: "Polygon", coordinates: [[[0, 0], [1, 0], [1, 1], [0, 0]]] };

describe("what the API is asked", () => {
  it("is nothing where everything is wanted", () => {
    expect(searchBody(EVERYTHING)).toEqual({});
    expect(itemsBody(EVERYTHING, 50)).toEqual({ limit: 50 });
  });

  it("has times as a half-open interval of the time alone", () => {
    const query = { ...EVERYTHING, from: "2024-01-01T00:00:00.000Z", to: "2024-02-01T00:00:00.000Z" };
    expect(searchBody(query)["filter"]).toEqual({
      op: "and",
      args: [
        { op: ">=", args: [{ property: "datetime" }, { timestamp: query.from }] },
        { op: "<", args: [{ property: "datetime" }, { timestamp: query.to }] },
      ],
    });
  });

  it("has the area as intersects, and as a condition beside where the map looks", () => {
    const query = { ...EVERYTHING, area: AREA };
    expect(searchBody(query)).toEqual({ intersects: AREA });
    expect(searchBody(query, [0, 1, 2, 3])).toEqual({
      bbox: [0, 1, 2, 3],
      filter: { op: "and", args: [{ op: "s_intersects", args: [{ property: "geometry" }, AREA] }] },
      "filter-lang": "cql2-json",
    });
  });

  it("has clouds, conditions, collections and the order", () => {
    const conditions = [{ property: "platform", op: "like", value: "sentinel-%" }] as const;
    const query = { ...EVERYTHING, collections: ["a:b"], cloud: 10, conditions, sort: "+eo:cloud_cover" };
    expect(itemsBody(query, 5)).toEqual({
      collections: ["a:b"],
      filter: {
        op: "and",
        args: [
          { op: "<=", args: [{ property: "eo:cloud_cover" }, 10] },
          { op: "like", args: [{ property: "platform" }, "sentinel-%"] },
        ],
      },
      "filter-lang": "cql2-json",
      sortby: [{ field: "eo:cloud_cover", direction: "asc" }],
      limit: 5,
    });
    expect(itemsBody({ ...query, sort: "-created" }, 5)["sortby"]).toEqual([
      { field: "created", direction: "desc" },
    ]);
  });
});

describe("what keeps a query from finding anything", () => {
  it("is one of its conditions, each of which can be left out", () => {
    const conditions = [
      { property: "platform", op: "=", value: "a" },
      { property: "gsd", op: "<", value: 10 },
    ] as const;
    const query = { ...EVERYTHING, collections: ["a:b"], area: AREA, to: "2024-02-01T00:00:00.000Z", cloud: 5, conditions };
    const found = withoutEach(query);
    expect(found.map((each) => each.words)).toEqual([
      "the collection",
      "the times",
      "the area",
      "the clouds (5 % at most)",
      "the condition on platform",
      "the condition on gsd",
    ]);
    expect(found[0]?.query).toEqual({ ...query, collections: [] });
    expect(found[1]?.query).toEqual({ ...query, to: null });
    expect(found[4]?.query.conditions).toEqual([conditions[1]]);
    expect(withoutEach({ ...EVERYTHING, sort: "+id" })).toEqual([]);
  });
});

describe("a condition's value", () => {
  it("is of the property's kind, as JSON has it", () => {
    expect(valueOf(valueKind({ type: "boolean" }), "true")).toBe(true);
    expect(valueOf(valueKind({ type: "boolean" }), "false")).toBe(false);
    expect(valueOf(valueKind({ type: "integer" }), "12")).toBe(12);
    expect(valueOf(valueKind({ type: "string", format: "date-time" }), "2024-05-01T10:20")).toEqual({
      timestamp: "2024-05-01T10:20:00.000Z",
    });
    expect(valueOf(valueKind({ type: "string" }), "12")).toBe("12");
  });

  it("is none where it was not typed as one", () => {
    for (const [kind, text] of [["number", "abc"], ["number", " "], ["number", "1e999"], ["boolean", "yes"], ["time", "abc"], ["time", ""], ["text", ""]] as const) {
      expect(valueOf(kind, text)).toBe(null);
    }
  });

  it("has the comparisons of its kind", () => {
    expect(comparisonsOf("boolean")).toEqual(["=", "<>"]);
    expect(comparisonsOf("text")).toContain("like");
    expect(comparisonsOf("number")).not.toContain("like");
    expect(comparisonsOf("time")).toContain(">=");
  });

  it("is shown in words", () => {
    expect([valueWords(false), valueWords({ timestamp: "2024-05-01T00:00:00Z" })]).toEqual(["false", "2024-05-01T00:00:00Z"]);
  });
});
