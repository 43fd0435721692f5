import { describe, expect, it } from "vitest";
import { accessChanges, changesOf, IMAGE_FIELDS, PRODUCT_FIELDS, shared, subjectWords, textsOf, withdrawn } from "../src/editing/fields";

const PRODUCT = { name: "Hills", tags: ["a", "b"], description: null, extra_properties: { "swath.retention_days": 3 } };
const ACCESS = { owners: ["user:1", "org:acme"], writers: [], readers: ["org:acme"] };

describe("a form of attributes", () => {
  const before = textsOf(PRODUCT_FIELDS, PRODUCT);

  it("shows what there is as text", () => {
    expect(before).toMatchObject({ name: "Hills", tags: "a\nb", description: "", default_display_bands: "" });
    expect(JSON.parse(before["extra_properties"] ?? "")).toEqual(PRODUCT.extra_properties);
  });

  it("changes what was changed, and nothing else", () => {
    expect(changesOf(PRODUCT_FIELDS, before, before)).toEqual({});
    expect(changesOf(PRODUCT_FIELDS, before, { ...before, tags: "a\n\n c, d ", name: "<b>" })).toEqual({ name: "<b>", tags: ["a", "c, d"] });
    const bands = { ...before, default_display_bands: "red,, green " };
    expect(changesOf(PRODUCT_FIELDS, before, bands)).toEqual({ default_display_bands: ["red", "green"] });
  });

  it("leaves a tag that holds a comma whole", () => {
    const tags = textsOf(IMAGE_FIELDS, { tags: ["Alps, north", "b"] });
    expect(changesOf(IMAGE_FIELDS, tags, { ...tags, tags: `${tags["tags"]}\nc` })).toEqual({ tags: ["Alps, north", "b", "c"] });
  });

  it("clears what was emptied", () => {
    expect(changesOf(PRODUCT_FIELDS, before, { ...before, tags: "", extra_properties: " " })).toEqual({ tags: [], extra_properties: {} });
    const image = textsOf(IMAGE_FIELDS, { cloud_fraction: 0.5, expires: "2030-01-01T00:00:00Z" });
    expect(changesOf(IMAGE_FIELDS, image, { ...image, cloud_fraction: "", expires: "" })).toEqual({ cloud_fraction: null, expires: null });
  });

  it("asks for clouds in percent, as the search does", () => {
    const image = textsOf(IMAGE_FIELDS, { cloud_fraction: 0.29 });
    expect(image["cloud_fraction"]).toBe("29");
    expect(changesOf(IMAGE_FIELDS, image, { ...image, cloud_fraction: "0.7" })).toEqual({ cloud_fraction: 0.007 });
    expect(IMAGE_FIELDS.find(({ name }) => name === "cloud_fraction")?.words).toBe("Clouds, percent");
  });

  it("says what is wrong", () => {
    const image = textsOf(IMAGE_FIELDS, {});
    expect(() => changesOf(IMAGE_FIELDS, image, { ...image, cloud_fraction: "many" })).toThrow(/“many” is no number from 0 to 100/);
    expect(() => changesOf(IMAGE_FIELDS, image, { ...image, extra_properties: "[1]" })).toThrow(/object such as/);
    expect(() => changesOf(IMAGE_FIELDS, image, { ...image, extra_properties: "{" })).toThrow(/Further properties/);
    expect(() => changesOf(IMAGE_FIELDS, image, { ...image, cloud_fraction: "101" })).toThrow(/“101” is no number from 0 to 100/);
  });
});

describe("sharing", () => {
  it("adds and takes away, and sends the lists that differ", () => {
    const more = shared(ACCESS, "writers", "email:", " Ann@Example.org ");
    expect(accessChanges(ACCESS, more)).toEqual({ writers: ["email:ann@example.org"] });
    expect(accessChanges(ACCESS, withdrawn(more, "readers", "org:acme"))).toEqual({ writers: ["email:ann@example.org"], readers: [] });
    expect(accessChanges(ACCESS, ACCESS)).toEqual({});
  });

  it("says what would be right", () => {
    expect(() => shared(ACCESS, "readers", "org:", " ")).toThrow(/With whom/);
    expect(() => shared(ACCESS, "readers", "email:", "ann")).toThrow(/no e-mail/);
    expect(() => shared(ACCESS, "owners", "group:", "g")).toThrow(/Owners are users/);
    expect(() => shared(ACCESS, "readers", "org:", "acme")).toThrow(/already/);
  });

  it("is in words", () => {
    expect(subjectWords("group:public", "readers")).toMatch(/everybody/);
    expect(subjectWords("org:acme", "owners")).toBe("admins of acme");
    expect(subjectWords("org:acme", "readers")).toBe("everybody of acme");
    expect(subjectWords("user:<b>", "readers")).toBe("user:<b>");
  });
});
