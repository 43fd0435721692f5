import { effect, signal } from "@preact/signals";
import { isAbort, token, words } from "./api";
import { type Chosen, fromFragment, type Look, OWN_LOOK, type State, toFragment, type View } from "./state/address";
import { EVERYTHING, type Query } from "./state/query";
import { forgetBands } from "./looks";
import { mayAsk } from "./session/session";
import type { Collection, Item, Page, Queryable, Summary } from "./stac";
import * as stac from "./stac";

const start = fromFragment(location.hash);

export const query = signal<Query>(start.query);
export const view = signal<View | null>(start.view);
export const chosen = signal<Chosen | null>(start.chosen);
export const compared = signal<Chosen | null>(start.compared);
export const look = signal<Look>(start.look);

export const collections = signal<readonly Collection[] | null>(null);
export const queryables = signal<Readonly<Record<string, Queryable>>>({});
/** The histogram of all times. */
export const summary = signal<Summary | null>(null);
export const matched = signal<number | null>(null);
export const items = signal<readonly Item[]>([]);
export const lastPage = signal<Page | null>(null);
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

/** Keep the address as the state is, and follow an address that is typed or gone back to. */
export function followAddress(): void {
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
      history.replaceState(null, "", `${location.pathname}${location.search}#${fragment}`);
    }
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

/** Load what the query asks whenever it or the caller changes; answers of earlier ones are dropped. */
export function followQuery(): void {
  effect(() => {
    const asked = query.value;
    const who = token.value;
    const caller = `${changes.value} ${who ?? ""}`;
    const giveUp = new AbortController();
    if (mayAsk.value) {
      busy.value = true; // from now on: nothing is known of what is asked
      const still = lastPage.peek() === null ? 0 : 150; // until nobody types; the first time nobody does
      const timer = setTimeout(() => void load(asked, caller, giveUp.signal), still);
      return () => {
        clearTimeout(timer);
        giveUp.abort();
      };
    }
    forget();
    return () => giveUp.abort();
  });
  effect(() => {
    const giveUp = new AbortController();
    const caller = `${changes.value} ${token.value ?? ""}`;
    if (mayAsk.value) {
      void loadNames(giveUp.signal, caller);
    }
    return () => giveUp.abort();
  });
}

function forget(): void {
  collections.value = null;
  summary.value = null;
  matched.value = null;
  items.value = [];
  lastPage.value = null;
  busy.value = false;
}

let namesOf = "";

async function loadNames(giveUp: AbortSignal, caller: string): Promise<void> {
  if (caller !== namesOf) {
    forgetBands();
    namesOf = caller;
  }
  try {
    const [found, properties] = await Promise.all([stac.collections(giveUp), stac.queryables(giveUp)]);
    collections.value = found;
    queryables.value = properties;
  } catch (error) {
    tell(error);
  }
}

async function load(asked: Query, caller: string, giveUp: AbortSignal): Promise<void> {
  busy.value = true;
  trouble.value = null;
  try {
    await Promise.all([loadSummary(asked, caller, giveUp), loadFirst(asked, giveUp)]);
  } catch (error) {
    tell(error);
  } finally {
    if (!giveUp.aborted) {
      busy.value = false;
    }
  }
}

let summaryOf = "";

async function loadSummary(asked: Query, caller: string, giveUp: AbortSignal): Promise<void> {
  const hasTimes = asked.from !== null || asked.to !== null;
  const key = JSON.stringify([{ ...asked, from: null, to: null, sort: "" }, caller]);
  const again = key !== summaryOf || summary.value === null;
  const [found, number] = await Promise.all([
    again ? stac.overTime(asked, giveUp) : summary.value,
    hasTimes ? stac.count(asked, giveUp) : null,
  ]);
  summaryOf = key;
  summary.value = found;
  matched.value = number ?? found?.total ?? null;
}

async function loadFirst(asked: Query, giveUp: AbortSignal): Promise<void> {
  const page = await stac.firstPage(asked, giveUp);
  items.value = page.features;
  lastPage.value = page;
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

export function tell(error: unknown): void {
  if (!isAbort(error)) {
    trouble.value = words(error);
  }
}
