import { beforeEach, expect, it, vi } from "vitest";

vi.stubGlobal("document", { baseURI: "https://swath.example/" });
let sent: string[] = [];
let version = 3;

/** A product whose version changes when its band is deleted with what is in it. */
vi.stubGlobal("fetch", (address: string, { method, headers }: { method: string; headers: Record<string, string> }) => {
  const path = new URL(address).pathname.replace(/.*acme%3Ahills/, "");
  sent.push(`${method} ${path} ${headers["If-Match"] ?? ""}`.trim());
  if (method === "POST") {
    version += 1;
    return Promise.resolve(Response.json({ data: { attributes: { status: "SUCCESS", objects_deleted: 1 } } }));
  }
  if (method === "DELETE") {
    const status = headers["If-Match"] === `"${version}"` ? 204 : 409;
    return Promise.resolve(new Response(status === 204 ? null : "{}", { status }));
  }
  return Promise.resolve(
    Response.json({ data: { id: "acme:hills", type: "product", attributes: {} } }, { headers: { etag: `"${version}"` } }),
  );
});

const { ApiError } = await import("../src/api");
const { CONFLICT, get } = await import("../src/catalog");
const { removeProduct } = await import("../src/editing/deletion");

beforeEach(() => {
  [sent, version] = [[], 3];
});

it("a product goes though deleting its bands changes it", async () => {
  await removeProduct(await get("product", "acme:hills"), () => undefined);
  expect(sent.at(-1)).toBe('DELETE  "4"');
});

it("of a product that somebody else changed nothing is deleted", async () => {
  const shown = await get("product", "acme:hills");
  version += 1;
  const deleting = removeProduct(shown, () => undefined);
  await expect(deleting).rejects.toSatisfy((error) => error instanceof ApiError && error.status === CONFLICT);
  expect(sent).toEqual(["GET", "GET"]);
});
