import { batch, computed, effect, signal, untracked } from "@preact/signals";
import { ask, token, words } from "../api";
import { create, get, type Product, writable } from "../catalog";
import { manage, managing } from "../editing/state";
import { operating } from "../operations/open";
import { choose, chosen, query, refresh } from "../store";
import { readDate, readHeader } from "./header";
import { currentMap } from "../map/state";
import { isArea } from "../state/address";
import { boundsOf } from "../state/shapes";
import { joined } from "./files";
import { grouped, kindOf, productId, stem, timeInName } from "./names";
import { bandAttributes, type BandDraft, proposeBands } from "./proposal";
import { mayTry, Queue, type Row } from "./queue";
import type { Header } from "./samples";
import { forgetAsked, service, signInWords } from "./service";

/** Whether the side shows how images are brought in. */
export const bringing = signal(false);
export const queue = new Queue(service, undefined, () => settled());
export const products = signal<readonly Product[] | null>(null);
/** The product that files are for: an id, null for a new one, undefined before somebody said which. */
export const target = signal<string | null | undefined>(undefined);
/** The product that what was shown before belongs to: it is offered, and gets nothing before somebody says so. */
const near = signal<string | null>(null);
export const proposed = computed(() => products.value?.find((each) => each.id === near.value) ?? null);
/** Files that wait until somebody says which product they are for, or for it to be created. */
export const held = signal<readonly File[]>([]);
export const draft = signal<ProductDraft | null>(null);
/** What went wrong with files or products, in words. */
export const bringTrouble = signal("");
/** What is being done before anything is sent. */
export const doing = signal("");

/**
 * A product to be created, with the bands that were proposed `of` the first file, or of all of them where
 * they are one image (`together`).
 */
export interface ProductDraft {
  readonly id: string;
  readonly name: string;
  readonly description: string;
  readonly bands: readonly BandDraft[];
  readonly together: boolean;
  readonly of: readonly File[];
}

/** What somebody who has to sign in is told of files that are not sent yet; nothing where none wait. */
export const unsent = computed(() => {
  const rows = queue.rows.value.filter((row) => ["asked", "waiting", "sending"].includes(row.state.value));
  const count = held.value.length + rows.reduce((all, row) => all + row.files.length, 0);
  return count === 0 ? "" : `${count === 1 ? "One file is" : `${count} files are`} not sent yet. ${signInWords()}`;
});

const HEAD_BYTES = 16;
export const mayBring = computed(() => token.value !== null);

export function openBring(files: readonly File[] = []): void {
  const isShown = bringing.peek() && !operating.peek() && managing.peek() === null && chosen.peek() === null;
  if (!isShown) {
    near.value = shownProduct();
    if (files.length > 0 && draft.peek() === null) {
      target.value = undefined; // nobody saw which product was chosen before
    }
  }
  operating.value = false;
  manage(null);
  bringing.value = true;
  if (files.length > 0) {
    void take(files);
  }
}

/** Bring files into a product that somebody has chosen; others that wait are asked for as before. */
export function bringInto(product: string, files: readonly File[] = []): void {
  openBring();
  near.value = product;
  if (held.peek().length === 0) {
    target.value = product;
  }
  if (files.length > 0) {
    void take(files);
  }
}

function shownProduct(): string | null {
  const { collections } = query.peek();
  return managing.peek() ?? chosen.peek()?.collection ?? (collections.length === 1 ? (collections[0] ?? null) : null);
}

export function closeBring(): void {
  bringing.value = false;
}

/** Counts callers: what one of them began ends with it. */
let callers = 0;

class Left extends Error {}

/** Forget what a caller brought in, and stop it: another one signs in. */
export function forgetCaller(): void {
  callers += 1;
  forgetAsked();
  queue.forget();
  clearTimeout(settling);
  made = null;
  batch(() => {
    bringing.value = false;
    products.value = null;
    target.value = undefined;
    near.value = null;
    held.value = [];
    draft.value = null;
    bringTrouble.value = "";
    doing.value = "";
  });
}

/** Do something, and say so meanwhile. `still` throws where another caller has signed in: then nothing is said any more. */
async function during(what: string, task: (still: () => void) => Promise<void>, wrong: (error: unknown) => void): Promise<void> {
  const mine = callers;
  const still = () => {
    if (mine !== callers) {
      throw new Left();
    }
  };
  doing.value = what;
  try {
    await task(still);
  } catch (error) {
    if (mine === callers) {
      wrong(error);
    }
  } finally {
    if (mine === callers) {
      doing.value = "";
    }
  }
}

export async function loadProducts(): Promise<void> {
  const mine = callers;
  try {
    const found = await writable();
    if (mine !== callers) {
      return;
    }
    products.value = found;
    const chosenOne = target.peek();
    if (products.value.length === 0) {
      await retarget(null); // there is no other choice, and a new one is confirmed before anything is sent
    } else if (typeof chosenOne === "string" && !products.value.some((each) => each.id === chosenOne)) {
      target.value = undefined;
    }
  } catch (error) {
    if (mine === callers) {
      bringTrouble.value = words(error);
    }
  }
}

/** Take files that were dropped or chosen: into the product that somebody chose, else they wait for that. */
export async function take(files: readonly File[]): Promise<void> {
  bringTrouble.value = "";
  const mine = callers;
  if (products.peek() === null) {
    await loadProducts();
  }
  if (mine !== callers) {
    return;
  }
  const into = target.peek();
  if (typeof into === "string") {
    await enqueue(into, files);
    return;
  }
  const { all, again } = joined(held.peek(), files);
  held.value = all;
  if (into === null) {
    await propose();
  }
  if (again.length > 0 && mine === callers) {
    const said = `${again.map((each) => each.name).join(", ")}: chosen already, and taken once.`;
    bringTrouble.value = [bringTrouble.peek(), said].filter(Boolean).join(" ");
  }
}

/** Take a file back of those of which nothing is sent yet. */
export async function takeBack(file: File): Promise<void> {
  bringTrouble.value = "";
  held.value = held.peek().filter((each) => each !== file);
  if (target.peek() === null) {
    await propose();
  }
}

/** Take all files back of which nothing is sent yet, and the product with them that was to be created. */
export function discard(): void {
  proposals += 1;
  batch(() => {
    held.value = [];
    draft.value = null;
    bringTrouble.value = made === null ? "" : `${made.id} was created before that failed, and stays: manage or delete it.`;
  });
  made = null;
}

export async function retarget(id: string | null): Promise<void> {
  target.value = id;
  const waiting = held.peek();
  if (id === null) {
    await propose();
  } else if (waiting.length > 0) {
    held.value = [];
    draft.value = null;
    await enqueue(id, waiting);
  }
}

/** Counts proposals: an earlier one that comes late is dropped. */
let proposals = 0;

/** Propose a product of the files that wait for one. What was changed of it stays, unless other files say which bands it has. */
export async function propose(together = draft.peek()?.together ?? false): Promise<void> {
  proposals += 1;
  const mine = proposals;
  const files = held.peek();
  const [first] = files;
  const kept = draft.peek();
  if (first === undefined) {
    draft.value = null;
    return;
  }
  const of = together ? files : [first];
  if (kept !== null && of.length === kept.of.length && of.every((each, at) => each === kept.of[at])) {
    draft.value = { ...kept, together };
    return;
  }
  bringTrouble.value = "";
  let name = first.name;
  const task = async (still: () => void) => {
    const read: { name: string; header: Header }[] = [];
    for (const file of inOrder(of)) {
      name = file.name;
      await mustBeTiff(file);
      read.push({ name, header: await readHeader(file) });
    }
    still();
    if (mine === proposals) {
      const was = draft.peek();
      const id = typedOr(was?.id, productId, was?.of[0], first);
      const title = typedOr(was?.name, stem, was?.of[0], first);
      draft.value = { id, name: title, description: was?.description ?? "", bands: proposeBands(read), together, of };
    }
  };
  await during("Reading the headers…", task, (error) => {
    if (mine === proposals) {
      const isLeft = kept?.of.every((each) => held.peek().includes(each)) === true;
      draft.value = isLeft ? kept : null;
      bringTrouble.value = `No product can be proposed from ${name}: ${words(error)}`;
    }
  });
}

/** Return what somebody typed, or what a file's name suggests where they left what another's did. */
function typedOr(typed: string | undefined, suggest: (name: string) => string, before: File | undefined, now: File): string {
  return typed === undefined || (before !== undefined && typed === suggest(before.name)) ? suggest(now.name) : typed;
}

async function mustBeTiff(file: File): Promise<void> {
  if (kindOf(await head(file)) !== "tiff") {
    throw new Error("Only a GeoTIFF says which bands it has. Take it back, or choose a product that has them.");
  }
}

async function head(file: File): Promise<Uint8Array> {
  try {
    return new Uint8Array(await file.slice(0, HEAD_BYTES).arrayBuffer());
  } catch {
    throw new Error("The browser cannot read this file. A folder cannot be dropped: drop the files in it.");
  }
}

function inOrder(files: readonly File[]): File[] {
  return [...files].sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** Create the product that was proposed, then send the files. What was created stays if a step fails. */
export async function createProduct(): Promise<void> {
  const wanted = draft.peek();
  if (wanted === null || doing.peek() !== "") {
    return;
  }
  bringTrouble.value = "";
  const task = async (still: () => void) => {
    const about = wanted.description.trim() === "" ? {} : { description: wanted.description };
    const id = made?.of === wanted.id ? made.id : (await create("product", wanted.id, { name: wanted.name, ...about })).data.id;
    still();
    made = { of: wanted.id, id, bands: made?.of === wanted.id ? made.bands : new Set() };
    for (const band of wanted.bands) {
      if (!made.bands.has(band.name)) {
        await create("band", `${id}:${band.name}`, bandAttributes(band, id));
        still();
        made.bands.add(band.name);
      }
    }
    made = null;
    const files = held.peek();
    held.value = [];
    draft.value = null;
    target.value = id;
    refresh();
    void loadProducts();
    await enqueue(id, files, wanted.together ? files.length : 1);
  };
  await during("Creating the product…", task, (error) => {
    bringTrouble.value = `The product was not created as a whole: ${words(error)}`;
  });
}

/** What there is already of a product whose creation broke off. */
let made: { of: string; id: string; bands: Set<string> } | null = null;

/** Put files on the list of a product, sorted into images, and begin to send them. */
async function enqueue(product: string, files: readonly File[], known?: number): Promise<void> {
  const task = async (still: () => void) => {
    const perImage = known ?? (await filesPerImage(product));
    const pattern = products.peek()?.some((each) => each.id === product && each.pattern) ?? false;
    for (const { name, files: own } of grouped(files, perImage)) {
      const times = await Promise.all(own.map(about));
      still();
      const fault =
        times.find((each) => each.fault !== "")?.fault ??
        (own.length === perImage ? undefined : needs(perImage, own.length)) ??
        (twice(product, name) ? `An image ${name} is on the list already.` : undefined);
      const acquired = times.map((each) => each.acquired).find((each) => each !== null) ?? null;
      const question = acquired === null && !pattern ? { question: UNDATED } : {};
      queue.add({ product, name, files: own, acquired, ...(fault === undefined ? question : { fault }) });
      queue.start(); // while the next ones are looked at
    }
  };
  await during("Looking at the files…", task, (error) => {
    bringTrouble.value = words(error);
  });
}

const UNDATED = "When was it taken? Neither the file nor its name says so: give the time.";

function needs(perImage: number, found: number): string {
  return `An image of this product has ${perImage} files; ${found} of this name came. Drop all files of an image at once.`;
}

function twice(product: string, name: string): boolean {
  return queue.rows.peek().some((row) => row.product === product && row.name === name && row.state.peek() !== "failed");
}

async function filesPerImage(product: string): Promise<number> {
  const filter = [{ op: "eq", name: "product_id", val: product }];
  const answer = await ask<{ data: { attributes: { file_index?: number } }[] }>("/catalog/v2/bands", {
    method: "PUT",
    body: { filter, limit: 1000 },
  });
  if (answer.data.length === 0) {
    throw new Error(`${product} has no bands yet, so that no file can be understood: give it bands first.`);
  }
  return 1 + Math.max(...answer.data.map((each) => each.attributes.file_index ?? 0));
}

/** Return when a file was taken, and why it cannot be sent where it is none that the catalog takes. */
async function about(file: File): Promise<{ acquired: string | null; fault: string }> {
  try {
    const kind = kindOf(await head(file));
    const own = kind === "tiff" ? await readDate(file).catch(() => null) : null;
    return { acquired: own ?? timeInName(file.name), fault: "" };
  } catch (error) {
    return { acquired: null, fault: words(error) };
  }
}

/** Send what failed once more. */
export function againAll(): void {
  queue.rows.peek().filter((row) => row.state.peek() === "failed" && mayTry(row)).forEach((row) => queue.again(row));
}

/** Send all images that waited for their time and have it now. */
export function sendAnswered(): void {
  queue.rows.peek().filter((row) => row.state.peek() === "asked" && mayTry(row)).forEach((row) => queue.again(row));
}

let settling: ReturnType<typeof setTimeout> | undefined;

/** Ask the catalog anew when images have come into it: once for many. */
function settled(): void {
  clearTimeout(settling);
  settling = setTimeout(refresh, 400);
}

/** Show an image that came in: on the map and in the side. */
export async function show(row: Row): Promise<void> {
  choose({ collection: row.product, id: row.name });
  const { attributes } = await get("image", `${row.product}:${row.name}`);
  if (isArea(attributes["geometry"])) {
    currentMap.peek()?.fit(boundsOf([attributes["geometry"]]), 16);
  }
}

/** Go on by itself when somebody signs in again, or the network comes back; warn before leaving. */
export function followUploads(): void {
  effect(() => {
    if (token.value !== null && queue.halted.value !== null) {
      untracked(() => queue.resume()); // also where the answer to an earlier token came late
    }
  });
  addEventListener("beforeunload", (event) => {
    if (queue.open.peek() > 0) {
      event.preventDefault();
    }
  });
  addEventListener("online", () => queue.reconnect());
  addEventListener("dragover", (event) => {
    if (mayBring.peek() && hasFiles(event)) {
      event.preventDefault();
      document.documentElement.dataset["dragging"] = "";
    }
  });
  const dropped = () => delete document.documentElement.dataset["dragging"];
  addEventListener("dragleave", (event) => event.relatedTarget === null && dropped());
  addEventListener("drop", (event) => {
    dropped();
    if (mayBring.peek() && hasFiles(event) && !event.defaultPrevented) {
      event.preventDefault();
      openBring([...(event.dataTransfer?.files ?? [])]);
    }
  });
}

function hasFiles(event: DragEvent): boolean {
  return event.dataTransfer?.types.includes("Files") === true;
}

