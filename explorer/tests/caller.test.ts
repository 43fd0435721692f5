import { beforeEach, describe, expect, it, vi } from "vitest";

vi.stubGlobal("document", { baseURI: "https://swath.example/" });
const { token } = await import("../src/api");
const { caller, onOtherCaller, rights } = await import("../src/session/caller");

const jwt = (claims: object) => `h.${btoa(JSON.stringify(claims))}.s`;
const ANNA = { iss: "i", sub: "anna", groups: ["readers"] };

beforeEach(() => {
  token.value = null;
});

describe("the caller", () => {
  it("is nobody without a token", () => {
    expect([caller.value, rights.value]).toEqual(["", ""]);
  });

  it("stays the same when the token is renewed", () => {
    token.value = jwt({ ...ANNA, exp: 1, iat: 0, jti: "a" });
    const before = [caller.value, rights.value];
    token.value = jwt({ exp: 2, iat: 1, jti: "b", ...ANNA });
    expect([caller.value, rights.value]).toEqual(before);
  });

  it("stays, but not what they may see, when the groups are others", () => {
    token.value = jwt(ANNA);
    const before = [caller.value, rights.value];
    token.value = jwt({ ...ANNA, groups: ["writers"] });
    expect(caller.value).toBe(before[0]);
    expect(rights.value).not.toBe(before[1]);
  });

  it("is another one only when somebody else comes, not when a session ends", () => {
    const forget = vi.fn();
    const stop = onOtherCaller(forget);
    for (const each of [jwt(ANNA), null, jwt({ ...ANNA, exp: 2 })]) {
      token.value = each;
    }
    expect(forget).not.toHaveBeenCalled();
    token.value = null;
    token.value = jwt({ ...ANNA, sub: "ben" });
    expect(forget).toHaveBeenCalledTimes(1);
    stop();
  });

  it("is another one with another subject, issuer, or token that is no JWT", () => {
    const all = [jwt(ANNA), jwt({ ...ANNA, sub: "ben" }), jwt({ ...ANNA, iss: "j" }), "opaque", "another"];
    const found = all.map((each) => {
      token.value = each;
      return caller.value;
    });
    expect(new Set(found).size).toBe(all.length);
  });
});
