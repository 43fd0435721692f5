import { beforeEach, describe, expect, it, vi } from "vitest";

vi.stubGlobal("document", { baseURI: "http://stack.test/", documentElement: { dataset: {} } });
vi.stubGlobal("location", new URL("http://stack.test/"));
vi.stubGlobal("addEventListener", () => undefined);
vi.stubGlobal("matchMedia", () => ({ matches: false, addEventListener: () => undefined }));

const PRODUCTS = ["acme:a", "acme:b"];
let sent: string[] = [];
let listed: readonly string[] = PRODUCTS;

vi.stubGlobal("fetch", (address: string, { method }: { method: string }) => {
  const path = address.slice("http://stack.test/catalog/v2/".length);
  sent.push(`${method} ${path}`);
  const attributes = { name: "A", owners: ["org:acme"], file_index: 0 };
  const data = path.startsWith("products") ? listed.map((id) => ({ id, attributes })) : [{ id: "x", attributes }];
  return Promise.resolve(path.startsWith("images") ? new Response("{}", { status: 404 }) : Response.json({ data }));
});

const { countsOf, inWords } = await import("../src/bring/counts");
const { token } = await import("../src/api");
const state = await import("../src/bring/state");
const { operating } = await import("../src/operations/open");
const { managing } = await import("../src/editing/state");
const { chosen } = await import("../src/store");

const tiff = (name: string) => new File([new Uint8Array([0x49, 0x49, 0x2a, 0])], name);
const file = () => new File(["no raster"], "scene_20240501.tif");
const settle = () => new Promise((go) => setTimeout(go, 20));
const images = () => state.queue.rows.peek().map((row) => `${row.product}:${row.name}`);

beforeEach(() => {
  state.closeBring();
  state.queue.rows.value = [];
  state.held.value = [];
  state.draft.value = null;
  state.products.value = null;
  state.target.value = undefined;
  state.bringTrouble.value = "";
  [managing.value, chosen.value, operating.value] = [null, null, false];
  listed = PRODUCTS;
  sent = [];
});

describe("files that are dropped", () => {
  it.each([[PRODUCTS], [PRODUCTS.slice(0, 1)]])("wait for somebody to say which product they are for, of %j", async (all) => {
    listed = all;
    state.openBring([file()]);
    await settle();
    expect([state.target.value, state.held.value.length, images()]).toEqual([undefined, 1, []]);
    await state.retarget("acme:a");
    expect([state.held.value, images()]).toEqual([[], ["acme:a:scene_20240501"]]);
  });

  it("are for a new product where there is none", async () => {
    listed = [];
    state.openBring([file()]);
    await settle();
    expect(state.target.value).toBe(null);
    expect(state.bringTrouble.value).toContain("No product can be proposed");
  });

  it("offer the product that was shown, and are seen", async () => {
    managing.value = "acme:b";
    operating.value = true;
    state.openBring([file()]);
    await settle();
    expect([state.proposed.value?.id, images(), operating.value, managing.value]).toEqual(["acme:b", [], false, null]);
  });

  it("wait again where nobody sees the product that was chosen before", async () => {
    state.openBring();
    await state.loadProducts();
    await state.retarget("acme:a");
    state.openBring([file()]);
    await settle();
    expect(images()).toHaveLength(1);
    chosen.value = { collection: "acme:b", id: "one" };
    state.openBring([file()]);
    await settle();
    expect([chosen.value, state.held.value.length, images().length]).toEqual([null, 1, 1]);
    expect(state.proposed.value?.id).toBe("acme:b");
  });

  it("go into a product that somebody chose, but not those that waited before", async () => {
    state.openBring([file()]);
    await settle();
    state.bringInto("acme:b");
    expect([state.target.value, state.held.value.length]).toEqual([undefined, 1]);
    state.held.value = [];
    state.bringInto("acme:b", [file()]);
    await settle();
    expect(images()).toEqual(["acme:b:scene_20240501"]);
  });
});

describe("an image of which nobody knows the time", () => {
  it("has not failed: it waits for its time, and is sent then", async () => {
    await state.loadProducts();
    await state.retarget("acme:a");
    await state.take([tiff("undated.tif")]);
    const [row] = state.queue.rows.value;
    const counts = () => countsOf(state.queue.rows.value);
    expect([row?.state.value, row?.words.value]).toEqual(["asked", expect.stringContaining("give the time")]);
    expect(inWords(counts(), 1, state.queue.open.value)).toBe("0 of 1 in the catalog, 1 waits for its time");
    expect(counts()).toMatchObject({ failed: 0, again: 0, answered: 0, ended: 0 });
    expect(state.unsent.value).toMatch(/^One file is not sent yet/);
    state.againAll();
    state.sendAnswered();
    state.queue.clear();
    expect([row?.state.value, state.queue.rows.value]).toEqual(["asked", [row]]);
    if (row !== undefined) {
      row.acquired.value = "2024-05-01T00:00:00.000Z";
    }
    expect(counts().answered).toBe(1);
    state.sendAnswered();
    await settle();
    expect(sent).toContain("POST uploads_v2");
  });

  it("is no more to be tried again than what no attempt can help", async () => {
    await state.loadProducts();
    await state.retarget("acme:a");
    await state.take([file()]);
    expect(countsOf(state.queue.rows.value)).toMatchObject({ failed: 1, again: 0, ended: 1 });
  });
});

describe("who has to sign in", () => {
  it("is told of files that wait, once there are any", async () => {
    expect(state.unsent.value).toBe("");
    state.openBring([file()]);
    await settle();
    expect(state.unsent.value).toMatch(/^One file is not sent yet. Sign in again/);
  });
});

describe("another caller", () => {
  it("gets nothing of what an earlier one brought in", async () => {
    state.openBring([file()]);
    await settle();
    const sending = state.retarget("acme:a");
    state.forgetCaller();
    await sending;
    await settle();
    expect([images(), state.held.value, state.products.value, state.target.value, state.doing.value]).toEqual([[], [], null, undefined, ""]);
    expect(state.bringing.value).toBe(false);
    expect(sent.filter((each) => each.startsWith("POST"))).toEqual([]);
  });

  it("sees nothing of the operating of an earlier one, not even late answers", async () => {
    const operations = await import("../src/operations/state");
    const { lookAtStorage, storage, storageTrouble } = await import("../src/operations/storage");
    const { token } = await import("../src/api");
    token.value = "a";
    const asked = [lookAtStorage(), operations.lookAtUploads()];
    token.value = "b";
    operations.forgetCaller();
    await Promise.all(asked);
    expect([storage.value, storageTrouble.value, operations.moving.value, operations.operationsTrouble.value]).toEqual([
      null, "", null, "",
    ]);
    token.value = null;
  });
});

describe("a session that ended", () => {
  it("halts the list until somebody signs in, also where a refusal comes after that", () => {
    const { queue } = state;
    const resume = vi.spyOn(queue, "resume");
    state.followUploads();
    token.value = null;
    queue.halted.value = "sign in";
    expect(resume).not.toHaveBeenCalled();
    token.value = "t";
    expect([resume.mock.calls.length, queue.halted.value]).toEqual([1, null]);
    queue.halted.value = "the refusal of a request that was sent before";
    expect([resume.mock.calls.length, queue.halted.value]).toEqual([2, null]);
  });
});
