import { beforeEach, describe, expect, it, vi } from "vitest";
import type { Item } from "../src/stac";

vi.stubGlobal("document", { baseURI: "https://swath.example/" });
vi.stubGlobal("location", { hash: "", href: "https://swath.example/", pathname: "/", search: "" });
const stac = {
  firstPage: vi.fn(),
  overTime: vi.fn(),
  count: vi.fn(),
  collections: vi.fn(),
  queryables: vi.fn(),
  sortables: vi.fn(),
};
vi.mock("../src/stac", () => stac);

const { ApiError, ask, refusal, token } = await import("../src/api");
const store = await import("../src/store");

const ITEM: Item = { id: "i", collection: "c", geometry: null, properties: {}, assets: {} };
const jwt = (claims: object) => `h.${btoa(JSON.stringify(claims))}.s`;
const settle = () => vi.advanceTimersByTimeAsync(1000);

/** Pages of collections, each of which comes when it is let. */
function pages(...each: readonly (readonly string[] | Error)[]): { next: () => Promise<void> } {
  const waiting: (() => void)[] = [];
  stac.collections.mockImplementation(async function* () {
    for (const page of each) {
      await new Promise<void>((go) => waiting.push(go));
      if (page instanceof Error) {
        throw page;
      }
      yield page.map((id) => ({ id }));
    }
  });
  return {
    next: async () => {
      waiting.shift()?.();
      await settle();
    },
  };
}

const named = () => store.collections.value?.map(({ id }) => id);

vi.useFakeTimers();
store.followQuery();

beforeEach(async () => {
  stac.firstPage.mockReset().mockResolvedValue({ features: [ITEM], links: [] });
  stac.overTime.mockReset().mockResolvedValue({ total: 7, bars: [], interval: "day" });
  stac.count.mockReset().mockResolvedValue(3);
  stac.queryables.mockReset().mockResolvedValue({});
  stac.sortables.mockReset().mockResolvedValue(["datetime", "gsd"]);
  pages();
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

  it("is looked at nearer as long as the times that are asked lie there", async () => {
    const part = { from: "2024-01-01T00:00:00.000Z", to: "2024-02-01T00:00:00.000Z", interval: "hour" } as const;
    const asked = () => stac.overTime.mock.lastCall?.[1] as unknown;
    store.change({ from: part.from, to: part.to });
    await settle();
    expect([stac.overTime.mock.calls.length, asked()]).toEqual([1, null]);
    store.part.value = part;
    await settle();
    expect([stac.overTime.mock.calls.length, asked(), store.matched.value]).toEqual([2, part, 3]);
    store.change({ from: "2024-01-05T00:00:00.000Z", cloud: 3 });
    await settle();
    expect([stac.overTime.mock.calls.length, asked()]).toEqual([3, part]);
    store.change({ from: null });
    await settle();
    expect([stac.overTime.mock.calls.length, asked(), store.part.value]).toEqual([4, null, null]);
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

describe("collections", () => {
  it("are shown page by page as they come, and are all there after the last", async () => {
    const list = pages(["a", "b"], ["c"]);
    token.value = jwt({ sub: "carla" });
    await settle();
    expect([named(), store.hasAllCollections.value]).toEqual([undefined, false]);
    await list.next();
    expect([named(), store.hasAllCollections.value]).toEqual([["a", "b"], false]);
    await list.next();
    expect([named(), store.hasAllCollections.value]).toEqual([["a", "b", "c"], true]);
  });

  it("stay while they are loaded again, until all have come", async () => {
    const once = pages(["a", "b"]);
    token.value = jwt({ sub: "dora" });
    await settle();
    await once.next();
    const list = pages(["b"], ["c"]);
    store.refresh();
    await settle();
    await list.next();
    expect(named()).toEqual(["a", "b"]);
    await list.next();
    expect(named()).toEqual(["b", "c"]);
  });

  it("that came before a page failed are shown, and it is said", async () => {
    const list = pages(["a"], new Error("too busy"));
    token.value = jwt({ sub: "emma" });
    await settle();
    await list.next();
    await list.next();
    expect([named(), store.hasAllCollections.value, store.trouble.value]).toEqual([["a"], false, "too busy"]);
  });

  it("of another caller are dropped where they come late", async () => {
    const list = pages(["secret"]);
    token.value = jwt({ sub: "fay" });
    await settle();
    pages();
    token.value = jwt({ sub: "gina" });
    await list.next();
    expect(named()).toEqual([]);
  });
});

describe("a token that the catalog refuses", () => {
  const answer = vi.fn();
  vi.stubGlobal("fetch", answer);
  const no = () => Promise.resolve(Response.json({ description: "it is not valid" }, { status: 401 }));

  beforeEach(() => {
    refusal.value = null;
    answer.mockReset().mockImplementation(no);
    stac.firstPage.mockImplementation(() => ask("/stac/search"));
    stac.overTime.mockImplementation(() => ask("/stac/aggregate"));
    stac.queryables.mockImplementation(() => ask("/stac/queryables"));
  });

  it("is told of once, with what to do, and not as what can be tried again", async () => {
    token.value = "bad";
    await settle();
    expect(refusal.value).toBe("The catalog refused the token: it is not valid. Sign in, or use another token.");
    expect([token.value, store.trouble.value]).toEqual([null, null]);
  });

  it("is trouble where the page had another one by then, so that nothing else says it", () => {
    store.tell(new ApiError(401, "it is not valid"));
    expect([refusal.value, store.trouble.value]).toEqual([null, "it is not valid"]);
  });
});

describe("an order", () => {
  const refuse = (status: number) => (asked: { sort: string }) =>
    asked.sort === "+gsd" ? Promise.reject(new ApiError(status, "sortby: gsd")) : Promise.resolve({ features: [ITEM], links: [] });

  it("that the images do not have gives the newest first, and says why", async () => {
    stac.firstPage.mockImplementation(refuse(400));
    store.change({ sort: "+gsd" });
    await settle();
    expect([store.items.value, store.unsorted.value, store.trouble.value]).toEqual([[ITEM], "sortby: gsd", null]);
    expect(store.query.value.sort).toBe("+gsd");
    store.change({ sort: "+id" });
    await settle();
    expect([store.items.value, store.unsorted.value]).toEqual([[ITEM], null]);
  });

  it("is not blamed for a failure that has another reason", async () => {
    stac.firstPage.mockImplementation(refuse(503));
    store.change({ sort: "+gsd" });
    await settle();
    expect([store.items.value, store.unsorted.value, store.trouble.value]).toEqual([[], null, "sortby: gsd"]);
    stac.firstPage.mockRejectedValue(new ApiError(400, "filter: none"));
    store.change({ sort: "-gsd" });
    await settle();
    expect([store.items.value, store.unsorted.value, store.trouble.value]).toEqual([[], null, "filter: none"]);
  });

  it("is offered by what the one collection that is chosen is sorted by, else by what all are", async () => {
    store.change({ collections: ["c"] });
    await settle();
    expect([stac.sortables.mock.lastCall?.[0], store.sortables.value]).toEqual(["c", ["datetime", "gsd"]]);
    stac.sortables.mockImplementation((of: string | null) =>
      of === null ? Promise.resolve(["datetime"]) : Promise.reject(new ApiError(404, "no such collection")),
    );
    store.change({ collections: ["gone"] });
    await settle();
    expect([stac.sortables.mock.lastCall?.[0], store.sortables.value]).toEqual([null, ["datetime"]]);
  });
});
