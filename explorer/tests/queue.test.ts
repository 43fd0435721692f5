import { beforeEach, describe, expect, it } from "vitest";
import { type Declared, PutError, Queue, type Row, type Service, SignedOut, type Standing } from "../src/bring/queue";

const soon = () => new Promise<void>((go) => setTimeout(go));

/** An API and a bucket that do what a test says. */
class Fake implements Service {
  calls: string[] = [];
  there = new Set<string>();
  open: Declared | null = null;
  other: string | null = null;
  parts: Record<string, string[]> = {};
  refusals: (Error | undefined)[] = [];
  status = "transferring";
  ends = new Map<string, Standing>();
  made = 0;
  held: ((giveUp: AbortSignal) => Promise<void>) | null = null;

  exists = (image: string) => Promise.resolve(this.there.has(image));
  begun = () => Promise.resolve({ own: this.open, other: this.other });
  declare = (row: Row) => this.answer(`declare ${row.name}`, `u${(this.made += 1)}`);
  look = (id: string) => this.answer(`look ${id}`, id);
  submit = (id: string) => this.done(`submit ${id}`);
  cancel = (id: string) => this.done(`cancel ${id}`);
  standings = (rows: readonly Row[]) =>
    Promise.resolve(new Map(rows.map((row) => [row.upload ?? "", this.ends.get(row.name) ?? { status: "success", message: "" }])));

  async put(url: string, content: Blob, progress: (bytes: number) => void, giveUp: AbortSignal) {
    this.calls.push(`put ${url} ${content.size}`);
    const refusal = this.refusals.shift();
    if (refusal !== undefined) {
      throw refusal;
    }
    await this.held?.(giveUp);
    progress(content.size);
  }

  private answer(call: string, id: string): Promise<Declared> {
    this.calls.push(call);
    const time = this.calls.length;
    return Promise.resolve({ id, status: this.status, urls: [`${id}/0#${time}`, `${id}/1#${time}`], parts: this.parts, partBytes: 4 });
  }

  private done(call: string): Promise<void> {
    this.calls.push(call);
    return Promise.resolve();
  }
}

let fake: Fake;
let queue: Queue;
let done: string[];
const file = (name: string, size = 6) => new File([new Uint8Array(size)], name);
const add = (name: string, ...files: File[]) =>
  queue.add({ product: "acme:p", name, files: files.length > 0 ? files : [file(`${name}.tif`)], acquired: null });

async function settle(): Promise<void> {
  for (let turn = 0; turn < 60; turn += 1) {
    await soon();
  }
}

beforeEach(() => {
  fake = new Fake();
  done = [];
  queue = new Queue(fake, soon, (row) => done.push(row.name));
});

describe("the queue of uploads", () => {
  it("declares, sends and follows each image", async () => {
    const row = add("one", file("a.tif", 3), file("b.tif", 4));
    queue.start();
    await settle();
    expect(fake.calls).toEqual(["declare one", "put u1/0#1 3", "put u1/1#1 4", "submit u1"]);
    expect([row.state.value, row.sent.value, done]).toEqual(["done", 7, ["one"]]);
    expect(queue.open.value).toBe(0);
  });

  it("sends hundreds, a few at a time", async () => {
    let most = 0;
    let now = 0;
    fake.held = async () => {
      most = Math.max(most, (now += 1));
      await soon();
      now -= 1;
    };
    Array.from({ length: 200 }, (_, at) => add(`i${at}`));
    queue.start();
    for (let turn = 0; turn < 20; turn += 1) {
      await settle();
    }
    expect(done).toHaveLength(200);
    expect(most).toBe(4);
  });

  it("asks before it replaces an image", async () => {
    fake.there.add("acme:p:one");
    const row = add("one");
    queue.start();
    await settle();
    expect([row.state.value, fake.calls]).toEqual(["there", []]);
    queue.again(row, true);
    await settle();
    expect(row.state.value).toBe("done");
  });

  it("goes on with an upload that an earlier page began", async () => {
    fake.open = { id: "old", status: "transferring", urls: ["old/0"], parts: {}, partBytes: 0 };
    add("one");
    queue.start();
    await settle();
    expect(fake.calls).toEqual(["put old/0 6", "submit old"]);
  });

  describe("waits for another upload of the image, and", () => {
    const during = async (status: string, replaces = false) => {
      fake.other = "u0";
      fake.ends.set("one", { status: "running", message: "" });
      const row = add("one");
      row.replaces = replaces;
      queue.start();
      await settle();
      expect([row.state.value, fake.calls, done]).toEqual(["taken", [], []]);
      expect(row.words.value).toContain("another upload of this image is under way");
      fake.other = null;
      fake.ends.set("one", { status, message: "" });
      await settle();
      fake.ends.delete("one");
      await settle();
      return row;
    };

    it("then asks before it replaces what came of it", async () => {
      const row = await during("success");
      expect([row.state.value, fake.calls, done]).toEqual(["there", [], []]);
      queue.again(row, true);
      await settle();
      expect([row.state.value, fake.calls]).toEqual(["done", ["declare one", "put u1/0#1 6", "submit u1"]]);
    });

    it("sends the files where nothing came of it, or they are to replace it", async () => {
      for (const [status, replaces] of [["failure", false], ["success", true]] as const) {
        const before = fake.calls.length;
        fake.calls = [];
        const row = await during(status, replaces);
        expect(fake.calls.map((call) => call.split(" ")[0]), `after ${before}`).toEqual(["declare", "put", "submit"]);
        queue.clear();
        expect(queue.rows.value.includes(row)).toBe(false);
        fake.calls = [];
        done = [];
      }
    });

    it("is left alone when the row is taken off the list", async () => {
      fake.other = "u0";
      fake.ends.set("one", { status: "running", message: "" });
      const row = add("one");
      queue.start();
      await settle();
      queue.remove(row);
      await settle();
      expect(fake.calls).toEqual([]);
    });
  });

  it("asks for another URL when one has expired, and tries a broken connection again", async () => {
    fake.refusals = [new PutError(403), new PutError(0), new PutError(503)];
    const row = add("one");
    queue.start();
    await settle();
    expect(row.state.value).toBe("done");
    expect(fake.calls.filter((call) => call.startsWith("look"))).toHaveLength(1);
    expect(fake.calls.filter((call) => call.startsWith("put"))).toHaveLength(4);
  });

  it("gives up in words, and goes on where it was when the network is back", async () => {
    fake.parts = { "0": ["p0", "p1"] };
    fake.refusals = [undefined, ...Array.from({ length: 6 }, () => new PutError(0))];
    const row = add("one");
    queue.start();
    await settle();
    expect(row.state.value).toBe("failed");
    expect(row.words.value).toMatch(/connection broke again and again/);
    fake.calls = [];
    queue.reconnect();
    await settle();
    expect(row.state.value).toBe("done");
    expect(fake.calls.filter((call) => call.startsWith("put"))).toEqual(["put p1 2"]);
  });

  it("does not repeat what the bucket refuses for good", async () => {
    fake.refusals = [new PutError(411)];
    const row = add("one");
    queue.start();
    await settle();
    expect([row.state.value, fake.calls.filter((call) => call.startsWith("put")).length]).toEqual(["failed", 1]);
    expect(row.words.value).toContain("411");
  });

  it("pauses and goes on", async () => {
    fake.held = (giveUp) => new Promise((_, refuse) => giveUp.addEventListener("abort", () => refuse(new PutError(0))));
    const [one, two] = [add("one"), add("two")];
    queue.start();
    await settle();
    queue.pause();
    await settle();
    expect([one.state.value, two.state.value, one.words.value]).toEqual(["waiting", "waiting", "paused"]);
    fake.held = null;
    queue.resume();
    await settle();
    expect(done.sort()).toEqual(["one", "two"]);
    expect(fake.calls.filter((call) => call.startsWith("declare"))).toHaveLength(2);
  });

  it("waits for somebody to sign in again", async () => {
    fake.refusals = [new SignedOut("Sign in again")];
    const row = add("one");
    queue.start();
    await settle();
    expect([row.state.value, queue.halted.value]).toEqual(["waiting", "Sign in again"]);
    queue.resume();
    await settle();
    expect(row.state.value).toBe("done");
  });

  it("tells why the catalog refused a file, and declares anew when it is tried again", async () => {
    fake.ends.set("one", { status: "failure", message: "band 1: UInt16 was expected" });
    const row = add("one");
    queue.start();
    await settle();
    expect([row.state.value, row.words.value]).toEqual(["failed", "band 1: UInt16 was expected"]);
    fake.ends.clear();
    queue.again(row);
    await settle();
    expect(row.state.value).toBe("done");
    expect(fake.calls.filter((call) => call.startsWith("declare"))).toHaveLength(2);
  });

  it("cancels what is taken off the list, and keeps what is no image from being sent", async () => {
    let stopped = 0;
    fake.held = (giveUp) =>
      new Promise((_, refuse) => {
        giveUp.addEventListener("abort", () => {
          stopped += 1;
          refuse(new PutError(0));
        });
      });
    const row = add("one");
    const bad = queue.add({ product: "acme:p", name: "bad", files: [file("bad.txt")], acquired: null, fault: "no GeoTIFF" });
    queue.start();
    await settle();
    queue.remove(row);
    await settle();
    expect(fake.calls).toContain("cancel u1");
    expect(stopped).toBe(1);
    expect([bad.state.value, bad.hopeless, queue.rows.value]).toEqual(["failed", true, [bad]]);
    queue.clear();
    expect(queue.rows.value).toEqual([]);
  });

  it("asks nothing more of what is forgotten, and cancels none of it", async () => {
    let refuse = (): void => undefined;
    fake.held = (giveUp) =>
      new Promise((_, no) => {
        refuse = () => no(new PutError(0));
        giveUp.addEventListener("abort", refuse);
      });
    add("one");
    add("two");
    queue.start();
    await settle();
    const before = [...fake.calls];
    queue.forget();
    await settle();
    expect([queue.rows.value, queue.halted.value, fake.calls]).toEqual([[], null, before]);
  });

  it("declares nothing for a row that was forgotten while it was looked up", async () => {
    let found = (): void => undefined;
    fake.exists = () => new Promise((go) => (found = () => go(false)));
    add("one");
    queue.start();
    await settle();
    queue.forget();
    found();
    await settle();
    expect(fake.calls).toEqual([]);
  });
});
