import { beforeEach, describe, expect, it, vi } from "vitest";

const PRODUCTS = 60;

vi.stubGlobal("document", { baseURI: "https://swath.example/" });
let asked: string[] = [];

/** A catalog of 60 products, listed by their images: p0 has most of them, and p59 the largest files. */
vi.stubGlobal("fetch", (address: string, { body }: { body: string }) => {
  const given = JSON.parse(body) as { filter?: { val: string }[]; aggregations?: string[] };
  if (address.endsWith("/stac/aggregate")) {
    const buckets = Array.from({ length: PRODUCTS }, (_, at) => ({ key: `p${at}`, frequency: PRODUCTS - at }));
    return Promise.resolve(Response.json({ aggregations: [{ name: given.aggregations?.[0], buckets }] }));
  }
  const product = given.filter?.[0]?.val;
  asked.push(product ?? "all");
  const count = product === undefined ? 1830 : PRODUCTS - Number(product.slice(1));
  return Promise.resolve(Response.json({ data: { attributes: { count, bytes: 1000 - count } } }));
});

const { forgetStorage, largestFirst, leftOut, lookAtStorage, storage } = await import("../src/operations/storage");

beforeEach(() => {
  forgetStorage();
  asked = [];
});

describe("storage", () => {
  it("is that of the 50 products with most images, the largest first", async () => {
    await lookAtStorage();
    expect(asked.sort()).toEqual(["all", ...Array.from({ length: 50 }, (_, at) => `p${at}`)].sort());
    expect(storage.value?.products.map(({ product }) => product)).toEqual(Array.from({ length: 50 }, (_, at) => `p${49 - at}`));
    expect([storage.value?.all.images, storage.value?.filled]).toEqual([1830, PRODUCTS]);
  });

  it("has equal ones by id", () => {
    const kept = ["b", "c", "a"].map((product) => ({ product, images: 1, bytes: product === "c" ? 9 : 5 }));
    expect(largestFirst(kept).map((each) => each.product)).toEqual(["c", "a", "b"]);
  });

  it("says what it leaves out", () => {
    const kept = Array.from({ length: 50 }, (_, at) => ({ product: `p${at}`, images: 1, bytes: 1 }));
    const all = { images: 1, bytes: 1 };
    const found = { all, products: kept, filled: 1250 };
    expect(leftOut(found, null)).toBe("These 50 have the most images; 1,200 more are in the sum only.");
    expect(leftOut({ ...found, filled: 51 }, 52)).toBe(
      "These 50 have the most images; 1 more is in the sum only. 1 product has no images.",
    );
    expect(leftOut({ ...found, filled: 50 }, 53)).toBe("3 products have no images.");
    expect(leftOut({ ...found, filled: 50 }, 50)).toBe("");
  });
});
