import { describe, expect, it } from "vitest";
import { FIRST_ORDERS, ordersBy, orderWords } from "../src/state/orders";

describe("orders", () => {
  it("are both directions of each property, without those that are offered first", () => {
    expect(ordersBy(["datetime", "id", "s2:tile"])).toEqual([
      { sort: "-id", words: "id, descending" },
      { sort: "+s2:tile", words: "s2:tile, ascending" },
      { sort: "-s2:tile", words: "s2:tile, descending" },
    ]);
  });

  it("have words of their own where they are offered first", () => {
    expect(FIRST_ORDERS.map(({ sort }) => orderWords(sort))).toEqual(FIRST_ORDERS.map(({ words }) => words));
    expect(orderWords("+created")).toBe("created, ascending");
  });

  it("are ascending where an address says nothing", () => {
    expect(orderWords("gsd")).toBe("gsd, ascending");
  });
});
