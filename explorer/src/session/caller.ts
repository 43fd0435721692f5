import { computed, effect, untracked } from "@preact/signals";
import { token } from "../api";
import { claimsOf } from "./claims";

/** Claims of a token that change with each renewal, and say nothing of who the caller is. */
const PASSING = new Set([
  "exp", "iat", "nbf", "jti", "auth_time", "nonce", "at_hash", "c_hash", "sid", "origin_jti", "event_id",
]);

/** Who the caller is: issuer and subject of the token, or the token where it is no JWT; "" for nobody. */
export const caller = computed(() => {
  const { iss, sub } = claimsOf(token.value);
  return sub === undefined ? (token.value ?? "") : JSON.stringify([iss, sub]);
});

/** Who the caller is and what the token lets them see: the same after it was renewed. */
export const rights = computed(() => {
  const claims = Object.entries(claimsOf(token.value)).filter(([name]) => !PASSING.has(name));
  return claims.length === 0 ? (token.value ?? "") : JSON.stringify(claims.sort(([a], [b]) => (a < b ? -1 : 1)));
});

/** Call `forget` when another caller comes than the last one: one whose session ended may come back. */
export function onOtherCaller(forget: () => void): () => void {
  let last = "";
  return effect(() => {
    const now = caller.value;
    if (now !== "" && last !== "" && now !== last) {
      untracked(forget);
    }
    last = now || last;
  });
}
