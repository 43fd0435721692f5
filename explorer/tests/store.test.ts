import { beforeEach, describe, expect, it, vi } from "vitest";
import type { Item } from "../src/stac";

vi.stubGlobal("document", { baseURI: "https://swath.example/" });
vi.stubGlobal("location", { hash: "", href: "https://swath.example/", pathname: "/", search: "" });
const stac = {
  firstPage: vi.fn(),
  overTime: vi.fn(),
  count: vi.fn(),
  collections: vi.fn().mockResolvedValue([]),
  queryables: vi.fn().mockResolvedValue({}),
};
vi.mock("../src/stac", () => stac);

const { token } = await import("../src/api");
const store = await import("../src/store");

const ITEM: Item = { id: "i", collection: "c", geometry: null, properties: {}, assets: {} };
const jwt = (claims: object) => `h.${btoa(JSON.stringify(claims))}.s`;
const settle = () => vi.advanceTimersByTimeAsync(1000);

vi.useFakeTimers();
store.followQuery();

beforeEach(async () => {
  stac.firstPage.mockReset().mockResolvedValue({ features: [ITEM], links: [] });
  stac.overTime.mockReset().mockResolvedValue({ total: 7, bars: [], interval: "day" });
  stac.count.mockReset().mockResolvedValue(3);
  token.value = null;
  store.clear();
  token.value = jwt({ sub: "anna", exp: 1 });
  await settle();
});

describe("what a query found", () => {
  it("is the list and the count", () => {
    expect([store.items.value, store.matched.value, store.trouble.value]).toEqual([[ITEM], 7, null]);
  });

  it("does not stay where another query fails", async () => {
    stac.firstPage.mockRejectedValue(new Error("too busy"));
    stac.overTime.mockRejectedValue(new Error("too busy"));
    store.change({ cloud: 3 });
    await settle();
    expect([store.items.value, store.matched.value, store.summary.value]).toEqual([[], null, null]);
    expect(store.lastPage.value).toBeNull();
    expect([store.trouble.value, store.busy.value]).toEqual(["too busy", false]);
  });

  it("stays where the same query fails", async () => {
    stac.firstPage.mockRejectedValue(new Error("too busy"));
    store.query.value = { ...store.query.value };
    await settle();
    expect([store.items.value, store.matched.value, store.trouble.value]).toEqual([[ITEM], 7, "too busy"]);
  });

  it("keeps what came where only the count fails", async () => {
    stac.count.mockRejectedValue(new Error("too busy"));
    store.change({ from: "2024-01-01T00:00:00.000Z" });
    await settle();
    expect([store.items.value, store.matched.value, store.trouble.value]).toEqual([[ITEM], null, "too busy"]);
  });

  it("is not asked for again when the token is renewed", async () => {
    token.value = jwt({ sub: "anna", exp: 2 });
    await settle();
    expect(stac.firstPage).toHaveBeenCalledTimes(1);
    expect(store.items.value).toEqual([ITEM]);
  });

  it("is forgotten at once when another caller comes", () => {
    token.value = jwt({ sub: "ben", exp: 2 });
    expect([store.items.value, store.matched.value, store.summary.value]).toEqual([[], null, null]);
  });
});
