import { expect, it, vi } from "vitest";

vi.stubGlobal("document", { baseURI: "https://swath.example/" });
vi.stubGlobal("location", { hash: "", href: "https://swath.example/" });
const { leave, manage, managing } = await import("../src/editing/state");

it("closes the pane of a product that was deleted, not the one that was opened meanwhile", () => {
  manage("acme:other");
  leave("acme:hills");
  expect(managing.value).toBe("acme:other");
  leave("acme:other");
  expect(managing.value).toBe(null);
});
