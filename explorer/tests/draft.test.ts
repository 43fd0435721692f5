import { beforeEach, describe, expect, it, vi } from "vitest";
import type { Header, Sample } from "../src/bring/samples";

vi.stubGlobal("document", { baseURI: "http://stack.test/" });
vi.stubGlobal("location", new URL("http://stack.test/"));
vi.stubGlobal("matchMedia", () => ({ matches: false, addEventListener: () => undefined }));
vi.stubGlobal("fetch", () => Promise.resolve(Response.json({ data: [] })));

const SAMPLE: Sample = { dataType: "UInt16", name: "", colour: "", scale: null, offset: null, unit: "", range: null };
const readHeader = vi.fn();
vi.mock("../src/bring/header", () => ({ readHeader, readDate: () => Promise.resolve(null) }));

/** A header whose one band is named after its file. */
const headerOf = (file: File): Promise<Header> =>
  Promise.resolve({
    width: 8, height: 8, nodata: null, resolution: "30m", acquired: null, palette: null,
    samples: [{ ...SAMPLE, name: file.name.slice(0, 1) }],
  });

const state = await import("../src/bring/state");

const tiff = (name: string, lastModified = 1) => new File([new Uint8Array([0x49, 0x49, 0x2a, 0])], name, { lastModified });
const named = () => state.held.value.map((file) => file.name);
const bands = () => state.draft.value?.bands.map((band) => band.name);

beforeEach(async () => {
  readHeader.mockReset().mockImplementation(headerOf);
  state.discard();
  state.products.value = [];
  await state.retarget(null);
});

describe("the draft of a product", () => {
  it("takes the same file once, and says so", async () => {
    await state.take([tiff("a.tif"), tiff("b.tif")]);
    await state.take([tiff("a.tif"), tiff("a.tif", 2)]);
    expect(named()).toEqual(["a.tif", "b.tif", "a.tif"]);
    expect(state.bringTrouble.value).toBe("a.tif: chosen already, and taken once.");
  });

  it("is of the file that is first, also when the one before was taken back", async () => {
    const [a, b] = [tiff("a.tif"), tiff("b.tif")];
    await state.take([a, b]);
    expect([state.draft.value?.id, bands()]).toEqual(["a", ["a"]]);
    await state.takeBack(a);
    expect([state.draft.value?.id, state.draft.value?.name, bands(), named()]).toEqual(["b", "b", ["b"], ["b.tif"]]);
    await state.takeBack(b);
    expect([state.draft.value, named()]).toEqual([null, []]);
  });

  it("keeps what was changed when files come that say nothing of its bands", async () => {
    await state.take([tiff("a.tif")]);
    const draft = state.draft.value;
    const changed = draft?.bands.map((band) => ({ ...band, name: "mine" })) ?? [];
    state.draft.value = draft === null ? null : { ...draft, name: "Mine", bands: changed };
    await state.take([tiff("b.tif")]);
    expect([state.draft.value?.name, bands()]).toEqual(["Mine", ["mine"]]);
    await state.propose(true);
    expect([state.draft.value?.name, state.draft.value?.id, bands()]).toEqual(["Mine", "a", ["a", "b"]]);
  });

  it("is discarded with its files, so that others start over", async () => {
    await state.take([tiff("a.tif"), tiff("b.tif")]);
    state.discard();
    expect([state.draft.value, named(), state.target.value]).toEqual([null, [], null]);
    await state.take([tiff("c.tif")]);
    expect([state.draft.value?.id, bands(), named()]).toEqual(["c", ["c"], ["c.tif"]]);
  });

  it("stays as it was where a further file says no bands, and the files stay, to be taken back", async () => {
    await state.take([tiff("a.tif"), new File(["text"], "z.txt")]);
    await state.propose(true);
    expect([state.draft.value?.together, bands(), named()]).toEqual([false, ["a"], ["a.tif", "z.txt"]]);
    expect(state.bringTrouble.value).toMatch(/^No product can be proposed from z\.txt: /);
    await state.takeBack(state.held.value[0] ?? tiff("none"));
    expect([state.draft.value, named()]).toEqual([null, ["z.txt"]]);
  });

  it("is that of the files that are left, however late the header of another comes", async () => {
    let late = (): void => undefined;
    readHeader.mockImplementationOnce((file: File) => new Promise((go) => (late = () => go(headerOf(file)))));
    const taking = state.take([tiff("a.tif")]);
    await vi.waitFor(() => expect(readHeader).toHaveBeenCalled());
    state.discard();
    late();
    await taking;
    expect([state.draft.value, named()]).toEqual([null, []]);
  });
});
