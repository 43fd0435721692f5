import { afterEach, beforeEach, expect, it, vi } from "vitest";

vi.stubGlobal("document", { baseURI: "https://swath.example/" });
vi.stubGlobal("location", { hash: "", href: "https://swath.example/", pathname: "/" });

const made = (claims: unknown) => `x.${Buffer.from(JSON.stringify(claims)).toString("base64url")}.y`;
const ANN = made({ sub: "ann", iss: "a", exp: 1 });
const ANN_NEXT = made({ sub: "ann", iss: "a", exp: 2 });
const BEN = made({ sub: "ben", iss: "a", exp: 1 });
const OTHER_ANN = made({ sub: "ann", iss: "b", exp: 1 });

/** Two pages: each has modules, and so signals, of its own. */
async function page() {
  vi.resetModules();
  const { token, refusal } = await import("../src/api");
  const session = await import("../src/session/session");
  const shared = await import("../src/session/shared");
  return { token, refusal, ...session, ...shared };
}

let explorer: Awaited<ReturnType<typeof page>>;
let docs: Awaited<ReturnType<typeof page>>;
let ends: (() => void)[] = [];

beforeEach(async () => {
  explorer = await page();
  docs = await page();
  ends = [explorer.handOver(), docs.takeOver()];
});

afterEach(() => ends.forEach((end) => end()));

/** Wait until the page of the reference has a token, or none. */
const has = (expected: string | null) => vi.waitFor(() => expect(docs.token.value).toBe(expected), 5000);

/** Let messages arrive that should change nothing. */
const settle = () => new Promise((go) => setTimeout(go, 30));

it("takes a token over, and the next one of the same user", async () => {
  explorer.signIn(ANN);
  await has(ANN);
  explorer.signIn(ANN_NEXT);
  await has(ANN_NEXT);
});

it.each([BEN, OTHER_ANN])("stays the page of who uses it", async (other) => {
  explorer.signIn(ANN);
  await has(ANN);
  explorer.signIn(other);
  await settle();
  expect(docs.token.value).toBe(ANN);
  docs.sessionEnded();
  await settle();
  expect(docs.token.value).toBe(null);
});

it("signs out with the page that the token came from, and stays so", async () => {
  explorer.signIn(ANN);
  await has(ANN);
  await explorer.signOut();
  await has(null);
  explorer.signIn(BEN);
  await settle();
  expect(docs.token.value).toBe(null);
});

it("keeps a token that was pasted, and one whose session ended elsewhere", async () => {
  docs.signIn(BEN);
  explorer.signIn(ANN);
  await settle();
  await explorer.signOut();
  await settle();
  expect(docs.token.value).toBe(BEN);
  explorer.sessionEnded();
  await settle();
  expect(docs.token.value).toBe(BEN);
});

it("takes the next token after a refused one that is nobody's", async () => {
  docs.signIn("no-token");
  docs.refusal.value = "refused";
  docs.token.value = null;
  explorer.signIn(ANN);
  await has(ANN);
});
