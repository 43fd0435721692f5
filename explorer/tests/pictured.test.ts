import type { Map as MapLibre } from "maplibre-gl";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { OWN_LOOK } from "../src/state/address";
import type { Item } from "../src/stac";

vi.stubGlobal("document", { baseURI: "https://swath.example/" });
const ask = vi.fn();
const send = vi.fn();
vi.mock("../src/api", () => ({ ask, send, ROOT: "https://swath.example", isAbort: () => false }));
const { inView, isPictured, overlapping } = await import("../src/stac");
const { Pictures } = await import("../src/map/pictures");
const { fetchPicture, NoPicture } = await import("../src/ui/Preview");
const { EVERYTHING } = await import("../src/state/query");

const THUMBNAIL = { href: "https://swath.example/t.png", type: "image/png" };
const item = (id: string, assets: Item["assets"] = { thumbnail: THUMBNAIL }): Item => ({
  id, collection: "acme:p", geometry: null, bbox: [id.length, 0, 9, 9], properties: {}, assets,
});
const never = new AbortController().signal;

beforeEach(() => {
  send.mockReset();
  ask.mockReset().mockResolvedValue({ data: [{ attributes: { name: "red", type: "spectral", data_type: "Byte" } }] });
});

describe("an image without files", () => {
  it("is one without a thumbnail, which the map's search asks for", async () => {
    expect([isPictured(item("a")), isPictured(item("b", {})), isPictured({})]).toEqual([true, false, false]);
    await inView(EVERYTHING, [0, 0, 1, 1], 5, never);
    const [, options] = ask.mock.calls[0] as [string, { body: { fields: { include: string[]; exclude: string[] } } }];
    expect(options.body.fields.include).toContain("assets.thumbnail.type");
    expect(options.body.fields.exclude).not.toContain("assets");
  });

  it("is asked for no preview", async () => {
    await expect(fetchPicture(item("b", {}), 74, OWN_LOOK, never)).rejects.toBeInstanceOf(NoPicture);
    expect([send.mock.calls, ask.mock.calls]).toEqual([[], []]);
  });

  it("is asked for no tiles", async () => {
    const addSource = vi.fn();
    const map = { getStyle: () => ({ layers: [] }), getSource: () => undefined, addSource, addLayer: () => undefined };
    await new Pictures(map as unknown as MapLibre).show([item("none", {}), item("one")], () => OWN_LOOK, () => true);
    expect(addSource.mock.calls.map(([name]) => String(name))).toEqual([expect.stringContaining("acme%3Ap%3Aone/tiles")]);
  });
});

describe("images of the same ground", () => {
  const found = (all: number, ...ids: string[]) => {
    ask.mockResolvedValue({ numberMatched: all, links: [], features: ids.map((id) => item(id)) });
    return overlapping(item("own"), never);
  };

  it("are told to be more where not all are listed, without the image itself", async () => {
    expect(await found(3, "own", "a", "b")).toMatchObject({ items: [{ id: "a" }, { id: "b" }], more: 0 });
    expect((await found(9, "own", "a", "b")).more).toBe(6);
    expect((await found(9, "a", "b")).more).toBe(6); // it is among those that are not listed
    expect((await found(1, "own")).more).toBe(0);
  });
});
