import { batch, computed, effect, signal } from "@preact/signals";
import { ApiError, isAbort, refusal, words } from "./api";
import { type Chosen, fromFragment, type Look, OWN_LOOK, type State, toFragment, type View } from "./state/address";
import { EVERYTHING, NEWEST, type Query } from "./state/query";
import { forgetBands } from "./looks";
import { rights } from "./session/caller";
import { mayAsk } from "./session/session";
import { holds, type Part } from "./state/intervals";
import type { Collection, Item, Page, Queryable, Summary } from "./stac";
import * as stac from "./stac";

const start = fromFragment(location.hash);

export const query = signal<Query>(start.query);
export const view = signal<View | null>(start.view);
export const chosen = signal<Chosen | null>(start.chosen);
export const compared = signal<Chosen | null>(start.compared);
export const look = signal<Look>(start.look);

/** The collections that have come so far; of those that are loaded again, the last ones stay until all have come. */
export const collections = signal<readonly Collection[] | null>(null);
export const hasAllCollections = signal(false);
export const queryables = signal<Readonly<Record<string, Queryable>>>({});
/** The properties that items are sorted by. */
export const sortables = signal<readonly string[]>([]);
/** The part of the time that somebody looks nearer at; null: all of it. */
export const part = signal<Part | null>(null);
/** The histogram of that part. */
export const summary = signal<Summary | null>(null);
export const matched = signal<number | null>(null);
export const items = signal<readonly Item[]>([]);
export const lastPage = signal<Page | null>(null);
/** Why the images are listed with the newest first though another order is asked for; null where they are as asked. */
export const unsorted = signal<string | null>(null);
export const busy = signal(true);
export const trouble = signal<string | null>(null);
export const hovered = signal<string | null>(null);
/** What the map shows, in words. */
export const shown = signal("");

/** Counts how often this page has changed the catalog: what follows the query asks anew. */
export const changes = signal(0);

/** Ask for everything again, since something was changed. */
export function refresh(): void {
  changes.value += 1;
}

export function keyOf(each: { readonly collection: string; readonly id: string }): string {
  return `${each.collection}/${each.id}`;
}

function nameOf(which: Chosen | null): string {
  return which === null ? "" : keyOf(which);
}

export function change(part: Partial<Query>): void {
  query.value = { ...query.value, ...part };
}

export function clear(): void {
  query.value = EVERYTHING;
}

export function choose(which: Chosen | null): void {
  if (which?.id !== chosen.value?.id || which?.collection !== chosen.value?.collection) {
    look.value = OWN_LOOK;
    compared.value = null;
  }
  chosen.value = which;
}

/**
 * Keep the address as the state is, and follow an address that is typed or gone back to.
 *
 * Opening an image and leaving it is a step of the browser's history, so that "back" leads out of it.
 */
export function followAddress(): void {
  let open = nameOf(chosen.peek());
  effect(() => {
    const state: State = {
      query: query.value,
      view: view.value,
      chosen: chosen.value,
      compared: compared.value,
      look: look.value,
    };
    const fragment = toFragment(state);
    if (fragment !== location.hash.replace(/^#/, "")) {
      const address = `${location.pathname}${location.search}#${fragment}`;
      if (nameOf(state.chosen) === open) {
        history.replaceState(null, "", address);
      } else {
        history.pushState(null, "", address);
      }
    }
    open = nameOf(state.chosen);
  });
  addEventListener("hashchange", () => {
    const state = fromFragment(location.hash);
    query.value = state.query;
    view.value = state.view;
    chosen.value = state.chosen;
    compared.value = state.compared;
    look.value = state.look;
  });
}

/**
 * Load what the query asks whenever it or the caller changes; answers of earlier ones are dropped.
 *
 * A token that is renewed is no other caller. What another one has seen is forgotten at once.
 */
export function followQuery(): void {
  rights.subscribe(forget);
  effect(() => {
    const asked = query.value;
    if (part.value !== null && !holds(part.value, asked.from, asked.to)) {
      part.value = null; // what is looked for lies elsewhere
    }
    const within = part.value;
    const caller = `${changes.value} ${rights.value}`;
    const giveUp = new AbortController();
    if (mayAsk.value) {
      busy.value = true; // from now on: nothing is known of what is asked
      const still = lastPage.peek() === null ? 0 : 150; // until nobody types; the first time nobody does
      const timer = setTimeout(() => void load(asked, within, caller, giveUp.signal), still);
      return () => {
        clearTimeout(timer);
        giveUp.abort();
      };
    }
    busy.value = false;
    return () => giveUp.abort();
  });
  effect(() => {
    const giveUp = new AbortController();
    const caller = `${changes.value} ${rights.value}`;
    if (mayAsk.value) {
      void loadNames(giveUp.signal, caller);
    }
    return () => giveUp.abort();
  });
  const only = computed(() => (query.value.collections.length === 1 ? (query.value.collections[0] ?? null) : null));
  effect(() => {
    const giveUp = new AbortController();
    const asked = [only.value, changes.value, rights.value] as const;
    if (mayAsk.value) {
      void loadProperties(asked[0], giveUp.signal);
    }
    return () => giveUp.abort();
  });
}

async function loadProperties(collection: string | null, giveUp: AbortSignal): Promise<void> {
  try {
    const [filtered, sorted] = await Promise.all([stac.queryables(collection, giveUp), stac.sortables(collection, giveUp)]);
    if (!giveUp.aborted) {
      queryables.value = filtered;
      sortables.value = sorted;
    }
  } catch (error) {
    if (collection !== null && error instanceof ApiError && error.status === 404) {
      await loadProperties(null, giveUp); // an address may name a collection that is not there, or no more
    } else {
      tell(error);
    }
  }
}

function forget(): void {
  collections.value = null;
  hasAllCollections.value = false;
  part.value = null;
  summary.value = null;
  matched.value = null;
  items.value = [];
  lastPage.value = null;
  unsorted.value = null;
  trouble.value = null;
}

let namesOf = "";

async function loadNames(giveUp: AbortSignal, caller: string): Promise<void> {
  if (caller !== namesOf) {
    forgetBands();
    namesOf = caller;
  }
  const isFirst = !hasAllCollections.peek();
  const found: Collection[] = [];
  try {
    for await (const page of stac.collections(giveUp)) {
      if (giveUp.aborted) {
        return; // they were shown to another caller
      }
      found.push(...page);
      if (isFirst) {
        collections.value = [...found];
      }
    }
    batch(() => {
      collections.value = found;
      hasAllCollections.value = true;
    });
  } catch (error) {
    tell(error);
  }
}

async function load(asked: Query, within: Part | null, caller: string, giveUp: AbortSignal): Promise<void> {
  busy.value = true;
  trouble.value = null;
  const answers = await Promise.allSettled([loadSummary(asked, within, caller, giveUp), loadFirst(asked, caller, giveUp)]);
  if (!giveUp.aborted) {
    answers.flatMap((each) => (each.status === "rejected" ? [each.reason as unknown] : [])).slice(0, 1).forEach(tell);
    busy.value = false;
  }
}

let summaryOf = "";
let matchedOf = "";

/** Load the histogram and the count. Where that fails, those of another question do not stay. */
async function loadSummary(asked: Query, within: Part | null, caller: string, giveUp: AbortSignal): Promise<void> {
  const hasTimes = asked.from !== null || asked.to !== null;
  const key = JSON.stringify([{ ...asked, from: null, to: null, sort: "" }, within, caller]);
  const question = JSON.stringify([{ ...asked, sort: "" }, caller]);
  const again = key !== summaryOf || summary.value === null;
  try {
    const [found, number] = await Promise.all([
      again ? stac.overTime(asked, within, giveUp) : summary.value,
      hasTimes ? stac.count(asked, giveUp) : null,
    ]);
    [summaryOf, matchedOf] = [key, question];
    summary.value = found;
    matched.value = number ?? found?.total ?? null;
  } catch (error) {
    if (!giveUp.aborted) {
      summary.value = again ? null : summary.value;
      matched.value = matchedOf === question ? matched.value : null;
    }
    throw error;
  }
}

let listOf = "";

/** Load the first images. Where that fails, those of another question do not stay. */
async function loadFirst(asked: Query, caller: string, giveUp: AbortSignal): Promise<void> {
  const question = JSON.stringify([asked, caller]);
  try {
    const [page, why] = await inOrder(asked, giveUp);
    listOf = question;
    items.value = page.features;
    lastPage.value = page;
    unsorted.value = why;
  } catch (error) {
    if (!giveUp.aborted && listOf !== question) {
      items.value = [];
      lastPage.value = null;
      unsorted.value = null;
    }
    throw error;
  }
}

/**
 * Return the first images in the order that is asked for; where that is none of these images, the newest, and why.
 *
 * Which orders there are depends on the collections and on how much is found: the API decides.
 */
async function inOrder(asked: Query, giveUp: AbortSignal): Promise<readonly [Page, string | null]> {
  try {
    return [await stac.firstPage(asked, giveUp), null];
  } catch (error) {
    if (asked.sort === NEWEST || !(error instanceof ApiError) || error.status !== 400) {
      throw error;
    }
    const newest = await stac.firstPage({ ...asked, sort: NEWEST }, giveUp).catch(() => null);
    if (newest === null) {
      throw error; // the order was not what is wrong
    }
    return [newest, error.message];
  }
}

let loadingMore = false;

/** Load the page after those that are there, if there is one. */
export async function loadMore(): Promise<void> {
  const last = lastPage.value;
  const wanted = last === null || loadingMore ? null : stac.nextPage(last, new AbortController().signal);
  if (wanted === null) {
    return;
  }
  loadingMore = true;
  try {
    const page = await wanted;
    if (lastPage.value === last) {
      items.value = [...items.value, ...page.features];
      lastPage.value = page;
    }
  } catch (error) {
    tell(error);
  } finally {
    loadingMore = false;
  }
}

/** Say what went wrong. What a caller has to sign in for is said by the refusal alone: trying again does not help. */
export function tell(error: unknown): void {
  const isRefusal = error instanceof ApiError && error.status === 401 && refusal.value !== null;
  if (!isAbort(error) && !isRefusal) {
    trouble.value = words(error);
  }
}
