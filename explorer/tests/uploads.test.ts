import { beforeEach, describe, expect, it, vi } from "vitest";
import type { Row } from "../src/bring/queue";

vi.stubGlobal("document", { baseURI: "http://stack.test/" });
vi.stubGlobal("location", new URL("http://stack.test/"));
const { service } = await import("../src/bring/service");
const { configuration } = await import("../src/session/session");

const NAMES = ["a.tif", "b.tif"];
const row = {
  product: "acme:p", name: "one", size: 7, files: [new File(["abc"], "a.tif"), new File(["defg"], "b.tif")],
} as unknown as Row;

interface Upload {
  readonly status: string;
  readonly names?: readonly string[];
  readonly size?: number;
}

function answers(...uploads: Upload[]): void {
  const all = uploads.map(({ status, names = NAMES, size = 7 }, at) => ({
    id: `u${at}`,
    attributes: { status, resumable_urls: ["x/0", "x/1"], image_upload_options: { image_files: names, upload_size: size } },
  }));
  vi.stubGlobal("fetch", (address: string) => {
    const one = all.find(({ id }) => address.endsWith(`/${id}`));
    return Promise.resolve(Response.json({ data: one ?? all }));
  });
}

beforeEach(() => answers());

describe("an upload whose caller has to sign in", () => {
  const signIn = { issuer: "https://issuer.test", metadata: "", client: "c", scope: "openid", token: "id_token" as const };

  it.each([
    [null, /the rest is sent then/],
    [signIn, /then drop the same files again/],
  ])("says how it goes on, with the issuer %j", async (how, said) => {
    configuration.value = { anonymous: false, signIn: how, labels: null };
    vi.stubGlobal("fetch", () => Promise.resolve(Response.json({}, { status: 401 })));
    await expect(service.begun(row)).rejects.toThrow(said);
  });
});

describe("what has begun of an image", () => {
  it("is nothing where there is no upload", async () => {
    expect(await service.begun(row)).toEqual({ own: null, other: null });
  });

  it("goes on where an upload takes files of these names and this size", async () => {
    answers({ status: "transferring", size: 5 }, { status: "transferring" });
    expect(await service.begun(row)).toMatchObject({ own: { id: "u1", status: "transferring" }, other: null });
  });

  it.each([
    ["another size", { size: 8 }],
    ["other names", { names: ["b.tif", "a.tif"] }],
    ["more files", { names: [...NAMES, "c.tif"] }],
  ])("does not go on with an upload of %s", async (_, declared) => {
    answers({ status: "transferring", ...declared });
    expect(await service.begun(row)).toEqual({ own: null, other: null });
  });

  it.each(["pending", "running"])("is another upload that is %s, whatever its files are", async (status) => {
    answers({ status: "transferring" }, { status });
    expect(await service.begun(row)).toEqual({ own: null, other: "u1" });
  });
});
