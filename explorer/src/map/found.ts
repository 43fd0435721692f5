import { effect, signal } from "@preact/signals";
import { isAbort, words } from "../api";
import { rights } from "../session/caller";
import { mayAsk } from "../session/session";
import { density, inView, type Bucket, type Item } from "../stac";
import type { Bounds, Query } from "../state/query";
import { changes, query, shown } from "../store";
import { imagesInWords } from "../ui/words";

/** Below this zoom the map looks at so much of the earth that it asks for all of it. */
export const ALL_BELOW = 2.5;
/** From this zoom on the map asks for footprints before it asks for densities. */
const FOOTPRINTS_FROM = 4;
const MOST_FOOTPRINTS = 500;
/** Characters of a reason that have room on the map. */
const LONGEST = 120;
/** Resolutions by which cells may be too coarse or too fine until others come. */
const STALE = 2;
/** Milliseconds that the map stands still before its next request. */
const STILL = 120;

/** What the map asks about: a box, or everything. */
export interface Where {
  readonly bounds: Bounds | null;
  readonly zoom: number;
}

/** What there is in a query: counts by cell, or images with footprints, and that in words. */
export interface Found {
  readonly buckets: readonly Bucket[];
  readonly items: readonly Item[];
  readonly words: string;
}

export const NOTHING: Found = { buckets: [], items: [], words: "" };

/** Where the map looks; null until that is known. */
export const where = signal<Where | null>(null);
/** What the map shows. */
export const found = signal<Found>(NOTHING);

/** Keep what the map shows as the query and the map are. */
export function followMap(): void {
  let wanted = ""; // what is shown, or asked for
  let giveUp = new AbortController();
  let seenBy = "";
  let before = resolutionAt(0, null);
  effect(() => {
    const [asked, at, who, turn] = [query.value, where.value, rights.value, changes.value];
    if (!mayAsk.value || who !== seenBy) {
      giveUp.abort();
      [wanted, found.value, shown.value] = ["", NOTHING, ""];
    }
    seenBy = who;
    if (!mayAsk.value || at === null) {
      return;
    }
    const resolution = resolutionAt(at.zoom, at.bounds);
    const key = JSON.stringify([{ ...asked, sort: "" }, at.bounds, showsFootprints(at), resolution, who, turn]);
    if (key === wanted) {
      return;
    }
    giveUp.abort();
    giveUp = new AbortController();
    if (Math.abs(resolution - before) >= STALE) {
      [found.value, shown.value] = [NOTHING, ""];
    }
    before = resolution;
    const { signal: given } = giveUp;
    const load = async () => {
      if (!given.aborted && !(await show(asked, at, given))) {
        wanted = "";
      }
    };
    setTimeout(() => void load(), wanted === "" ? 0 : STILL);
    wanted = key;
  });
}

/** Ask for what there is and show it; return whether that worked, or is another's by now. */
async function show(asked: Query, at: Where, giveUp: AbortSignal): Promise<boolean> {
  try {
    const answer = await inside(asked, at, giveUp);
    if (!giveUp.aborted) {
      [found.value, shown.value] = [answer, answer.words];
    }
    return true;
  } catch (error) {
    if (!isAbort(error)) {
      shown.value = `The map cannot show this: ${shortened(words(error))}`;
    }
    return isAbort(error);
  }
}

/** Whether the map looks so near that footprints are shown where there are few. */
function showsFootprints(at: Where): boolean {
  return at.bounds !== null && at.zoom >= FOOTPRINTS_FROM;
}

/** The beginning of a long reason: the search says all of it. */
function shortened(text: string): string {
  return text.length > LONGEST ? `${text.slice(0, LONGEST).replace(/\s+\S*$/, "")}…` : text;
}

async function inside(asked: Query, at: Where, giveUp: AbortSignal): Promise<Found> {
  const { bounds, zoom } = at;
  if (bounds !== null && showsFootprints(at)) {
    const page = await inView(asked, bounds, MOST_FOOTPRINTS, giveUp);
    if (page.numberMatched !== undefined && page.numberMatched <= page.features.length) {
      const items = page.features.filter((each) => each.geometry !== null);
      return { buckets: [], items, words: ofItems(items.length) };
    }
  }
  const buckets = await density(asked, bounds, resolutionAt(zoom, bounds), giveUp);
  return { buckets, items: [], words: ofBuckets(buckets) };
}

/** The most cells that the API counts in one answer, and some to spare at the edges of a view. */
const MOST_CELLS = 10_000 / 1.4;

/** The H3 resolution whose cells are 11 to 28 pixels wide at a zoom (at the equator), or as fine as the API counts. */
export function resolutionAt(zoom: number, bounds: Bounds | null): number {
  let found = Math.min(Math.max(Math.floor(zoom / 1.4) + 1, 1), 9);
  while (found > 2 && (2 + 120 * 7 ** found) * shareOf(bounds) > MOST_CELLS) {
    found -= 1;
  }
  return found;
}

/** How much of the earth's surface bounds hold, from 0 to 1. */
function shareOf(bounds: Bounds | null): number {
  if (bounds === null) {
    return 1;
  }
  const [west, south, east, north] = bounds;
  const height = Math.sin((north * Math.PI) / 180) - Math.sin((south * Math.PI) / 180);
  const width = east < west ? east - west + 360 : east - west;
  return (height / 2) * (width / 360);
}

function ofItems(count: number): string {
  return `The map shows ${count === 1 ? "the footprint of 1 image" : `the footprints of ${count} images`}.`;
}

function ofBuckets(buckets: readonly Bucket[]): string {
  const sum = buckets.reduce((all, each) => all + each.frequency, 0);
  const places = buckets.length === 1 ? "1 cell" : `${buckets.length} cells`;
  return `The map counts ${imagesInWords(sum)} in ${places}, by the middle of each.`;
}
