/**
 * Return what a token says, unverified: the page offers what follows from it, and the API decides.
 *
 * It is empty for a token that is no JWT.
 */
export function claimsOf(token: string | null): Readonly<Record<string, unknown>> {
  try {
    const [, payload = ""] = (token ?? "").split(".");
    const claims: unknown = JSON.parse(atob(payload.replaceAll("-", "+").replaceAll("_", "/")));
    return typeof claims === "object" && claims !== null ? (claims as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

/** Whether two tokens are of the same user of the same issuer; of those that do not say, nothing is known. */
export function isSameCaller(one: string, other: string): boolean {
  const [first, second] = [claimsOf(one), claimsOf(other)];
  return typeof first["sub"] === "string" && first["sub"] === second["sub"] && first["iss"] === second["iss"];
}

/** Return the milliseconds from `now` until a token ends, 0 if it has; null where it does not say. */
export function untilEnd(token: string | null, now: number): number | null {
  const { exp } = claimsOf(token);
  return typeof exp === "number" && Number.isFinite(exp) ? Math.max(exp * 1000 - now, 0) : null;
}
