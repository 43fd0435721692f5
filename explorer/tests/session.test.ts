import { describe, expect, it } from "vitest";
import { claimsOf, untilEnd } from "../src/session/claims";

const token = (claims: unknown) => `x.${Buffer.from(JSON.stringify(claims)).toString("base64url")}.y`;

describe("what a token says", () => {
  it("is read whatever characters it holds", () => {
    expect(claimsOf(token({ sub: "a?>~~~", exp: 5 }))).toMatchObject({ sub: "a?>~~~", exp: 5 });
  });

  it("is nothing where it is no JWT", () => {
    for (const other of [null, "", "opaque", "a.b.c", token("text"), token(null), token(3)]) {
      expect(claimsOf(other)).toEqual({});
    }
  });

  it("tells when it ends, and that it has", () => {
    expect(untilEnd(token({ exp: 100 }), 40_000)).toBe(60_000);
    expect(untilEnd(token({ exp: 100 }), 200_000)).toBe(0);
    expect(untilEnd(token({}), 0)).toBe(null);
    expect(untilEnd(token({ exp: "tomorrow" }), 0)).toBe(null);
  });
});
