import { execFileSync } from "node:child_process";
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

it("sends no header for a token that is not there", () => {
  const text = (name: string) => snippets("https://api.example", "acme:hills", "first", "image").find((each) => each.name.startsWith(name))?.text ?? "";
  const sent = (name: string, SWATH_TOKEN?: string) => {
    const told = 'curl() { printf "%s|" "$@"; }; gdalinfo() { echo "$GDAL_HTTP_HEADERS|"; }\n';
    const env = { PATH: process.env["PATH"], ...(SWATH_TOKEN === undefined ? {} : { SWATH_TOKEN }) };
    return execFileSync("sh", ["-c", told + text(name)], { env, encoding: "utf8" });
  };
  for (const name of ["curl", "GDAL"]) {
    expect(sent(name, "abc")).toContain("Authorization: Bearer abc|");
    expect(sent(name)).not.toMatch(/Authorization|-H/);
  }
  expect(text("pystac-client")).toContain('if "SWATH_TOKEN" in os.environ:\n    headers["Authorization"]');
});
