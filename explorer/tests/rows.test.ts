import { describe, expect, it } from "vitest";
import { withFirst, withNeighbours } from "../src/state/rows";

describe("the rows that are drawn", () => {
  it("are those that are seen, the one with the focus, and those beside it", () => {
    expect(withNeighbours([5, 6, 7], -1, 100)).toEqual([5, 6, 7]);
    expect(withNeighbours([5, 6, 7], 50, 100)).toEqual([5, 6, 7, 49, 50, 51]);
    expect(withNeighbours([50, 51], 7, 100)).toEqual([6, 7, 8, 50, 51]);
    expect(withNeighbours([5, 6, 7], 7, 100)).toEqual([5, 6, 7, 8]);
  });

  it("end where the list does", () => {
    expect(withNeighbours([2], 0, 3)).toEqual([0, 1, 2]);
    expect(withNeighbours([0], 2, 3)).toEqual([0, 1, 2]);
  });
});

it("some items come first, in the order that they have", () => {
  expect(withFirst([1, 2, 3, 4], (each) => each % 2 === 0)).toEqual([2, 4, 1, 3]);
});
