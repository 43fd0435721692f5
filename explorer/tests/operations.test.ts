import { describe, expect, it } from "vitest";
import { lagInWords, operatorOf, spanInWords } from "../src/operations/service";
import { type Page, stateInWords, uploadsOf } from "../src/operations/uploads";

const event = (id: string, severity: string, message: string) => ({ id, attributes: { severity, message } });
const upload = (id: string, status: string, events: readonly string[]) => ({
  id,
  attributes: { status, image_id: `acme:p:${id}`, product_id: "acme:p", created: "2026-11-01T00:00:00Z" },
  relationships: { events: { data: events.map((each) => ({ id: each })) } },
});

describe("uploads", () => {
  const page: Page = {
    data: [upload("a", "failure", ["1", "2", "3"]), upload("b", "running", ["4", "5"]), upload("c", "pending", [])],
    included: [
      event("1", "INFO", "queued"),
      event("2", "ERROR", "<img src=x> is no raster"),
      event("3", "INFO", "cleared away"),
      event("4", "ERROR", "an attempt died"),
      event("5", "INFO", "attempt 2 of 5"),
    ],
    meta: { count: 7 },
  };

  it("explains a failure by its last error and the others by their last line", () => {
    const { count, shown } = uploadsOf(page);
    expect(count).toBe(7);
    expect(shown.map((each) => each.said)).toEqual(["<img src=x> is no raster", "attempt 2 of 5", ""]);
    expect(shown[0]?.image).toBe("acme:p:a");
  });

  it("counts what there is where the answer does not", () => {
    expect(uploadsOf({ data: page.data }).count).toBe(3);
  });

  it("says states in words, unknown ones as they are", () => {
    expect(stateInWords("pending")).toContain("waits");
    expect(stateInWords("other")).toBe("other");
  });
});

describe("operators", () => {
  const token = (claims: unknown) => `x.${Buffer.from(JSON.stringify(claims)).toString("base64url")}.y`;

  it("are known by the groups of the token, a pool's too", () => {
    expect(operatorOf(token({ groups: ["internal:platform-admin"], sub: "ö?>" }))).toBe("acts");
    expect(operatorOf(token({ "cognito:groups": ["x", "internal:platform-ro"] }))).toBe("looks");
    expect(operatorOf(token({ groups: ["acme:org-admin"] }))).toBe(null);
  });

  it("are nobody whose token cannot be read", () => {
    for (const other of [null, "", "opaque", "a.b.c", token("text"), token({ groups: "internal:platform-admin" })]) {
      expect(operatorOf(other)).toBe(null);
    }
  });
});

describe("how far something is behind", () => {
  it("is said by the largest unit", () => {
    expect([0, 59, 60, 7199, 7200, 86_400, 200_000].map(spanInWords)).toEqual([
      "less than a minute", "less than a minute", "1 minute", "1 hour", "2 hours", "1 day", "2 days",
    ]);
  });

  it("counts, and says where more was not looked at", () => {
    expect(lagInWords(0, "product", 0, true)).toBe("hold all changes.");
    expect(lagInWords(1, "product", 120, true)).toBe("lack changes of 1 product, the oldest 2 minutes ago.");
    expect(lagInWords(1000, "month", 3600, false)).toContain("at least 1,000 months");
  });
});
