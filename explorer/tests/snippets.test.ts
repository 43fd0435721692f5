import { expect, it } from "vitest";
import { snippets } from "../src/state/snippets";

it("writes no token, and names as texts of their language", () => {
  const all = snippets("https://api.example", "acme:hills", "first", "image");
  expect(all.map((each) => each.name.split(" ")[0])).toEqual(["swath", "pystac-client", "GDAL", "curl", "QGIS"]);
  for (const { text } of all) {
    expect(text).toContain("acme:hills".replace(":", text.includes("acme%3Ahills") ? "%3A" : ":"));
    expect(text).not.toContain("eyJ");
  }
});
