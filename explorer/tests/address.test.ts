import { describe, expect, it } from "vitest";
import { fromFragment, OWN_LOOK, START, type State, toFragment } from "../src/state/address";
import { EVERYTHING } from "../src/state/query";

const FULL: State = {
  query: {
    collections: ["acme:hills", "acme:s2"],
    area: { type: "Polygon", coordinates: [[[8, 46], [9, 46], [9, 47], [8, 46]]] },
    from: "2024-05-01T00:00:00.000Z",
    to: "2024-06-01T00:00:00.000Z",
    cloud: 20,
    conditions: [
      { property: "platform", op: "like", value: "landsat-%&#<img>" },
      { property: "view:off_nadir", op: "<=", value: 5.5 },
      { property: "swath:extra.checked", op: "=", value: false },
      { property: "created", op: ">=", value: { timestamp: "2024-05-01T00:00:00.000Z" } },
    ],
    sort: "+eo:cloud_cover",
  },
  view: { lng: 8.5, lat: 46.5, zoom: 7.25, flat: true },
  chosen: { collection: "acme:hills", id: "first.1" },
  compared: { collection: "acme:s2", id: "second" },
  look: { bands: ["red", "green", "blue"], expression: "", range: [-1, 3000.5], colormap: "" },
};

describe("the address", () => {
  it("holds the whole state", () => {
    expect(fromFragment(toFragment(FULL))).toEqual(FULL);
    expect(fromFragment(`#${toFragment(FULL)}`)).toEqual(FULL);
  });

  it("is empty where nothing was asked", () => {
    expect(toFragment(START)).toBe("");
    expect(fromFragment("")).toEqual(START);
  });

  it("keeps an expression and a colormap of a chosen image only", () => {
    const look = { ...OWN_LOOK, expression: "(nir - red) / (nir + red)", colormap: "viridis" };
    expect(fromFragment(toFragment({ ...FULL, look })).look).toEqual(look);
    expect(fromFragment(toFragment({ ...FULL, look, chosen: null })).look).toEqual(OWN_LOOK);
  });

  it.each([
    "at=8,200,3",
    "at=8,x,3",
    "at=1,2",
    "area=%7B",
    "area=%7B%22type%22%3A%22Polygon%22%7D",
    'area={"type":"Polygon","coordinates":"x"}',
    "from=yesterday",
    "cloud=101",
    "cloud=many",
    "f=[1,2]",
    'f=["a","drop table","b"]',
    'f=["a","=",{}]',
    'f=["a","=",null]',
    'f=["a","=",{"timestamp":"yesterday"}]',
    'f=["a","=",{"timestamp":"2024-05-01T00:00:00Z","more":1}]',
    "with=a/b",
    "image=only",
    "image=a/b/c",
    "range=1",
    "range=1,2,3",
    "%E0%A4%A",
  ])("leaves out what is none: %s", (text) => {
    expect(fromFragment(text)).toEqual(START);
  });

  it("takes an ascending range only", () => {
    expect(fromFragment("image=a/b&range=1,100").look.range).toEqual([1, 100]);
    expect(fromFragment("image=a/b&range=100,1").look.range).toBe(null);
    expect(fromFragment("image=a/b&range=1,1").look.range).toBe(null);
  });

  it("names no collection twice", () => {
    expect(fromFragment("c=a&c=b&c=a").query).toEqual({ ...EVERYTHING, collections: ["a", "b"] });
  });
});
