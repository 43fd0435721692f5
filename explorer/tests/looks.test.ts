import { expect, it, vi } from "vitest";

vi.stubGlobal("document", { baseURI: "https://swath.example/" });
const { withVersion } = await import("../src/looks");

it("gives the picture of a replaced image another address", () => {
  const [before, after] = ["2024-05-01T00:00:00Z", "2024-05-02T00:00:00Z"].map((at) => withVersion("bands=red", at));
  expect(before).toBe("bands=red&v=2024-05-01T00%3A00%3A00Z");
  expect(after).not.toBe(before);
  expect(withVersion("bands=red", undefined)).toBe("bands=red");
  expect(withVersion("", "2024-05-01T00:00:00Z")).toBe(""); // nothing to draw stays nothing
});
