import type { Feature } from "geojson";
import { density, inView, type Item } from "../stac";
import type { Bounds, Query } from "../state/query";
import { cellPolygon, footprintFeatures } from "../state/shapes";

/** From this zoom on the map asks for footprints before it asks for densities. */
const FOOTPRINTS_FROM = 4;
const MOST_FOOTPRINTS = 500;

/** What the map shows of a query: cells with counts, or footprints, and that in words. */
export interface Overlay {
  readonly cells: readonly Feature[];
  readonly prints: readonly Feature[];
  readonly items: readonly Item[];
  readonly words: string;
}

export async function overlay(
  query: Query,
  bounds: Bounds | null,
  zoom: number,
  signal: AbortSignal,
): Promise<Overlay> {
  if (bounds !== null && zoom >= FOOTPRINTS_FROM) {
    const page = await inView(query, bounds, MOST_FOOTPRINTS, signal);
    const isWhole = page.numberMatched !== undefined && page.numberMatched <= page.features.length;
    if (isWhole) {
      return footprints(page.features);
    }
  }
  return cells(await density(query, bounds, resolutionAt(zoom), signal));
}

/** The H3 resolution whose cells are some 30 to 80 pixels wide at a zoom. */
export function resolutionAt(zoom: number): number {
  return Math.min(Math.max(Math.floor(zoom / 1.4) + 1, 2), 9);
}

function footprints(items: readonly Item[]): Overlay {
  const drawn = items.filter((each) => each.geometry !== null);
  const prints = drawn.flatMap((each) =>
    each.geometry === null
      ? []
      : footprintFeatures(each.geometry, { collection: each.collection, id: each.id }),
  );
  const images = items.length === 1 ? "the footprint of 1 image" : `the footprints of ${items.length} images`;
  return { cells: [], prints, items: drawn, words: `The map shows ${images}.` };
}

function cells(buckets: readonly { key: string; frequency: number }[]): Overlay {
  const most = Math.max(1, ...buckets.map((each) => each.frequency));
  const found = buckets.map(({ key, frequency }): Feature => ({
    type: "Feature",
    properties: { cell: key, count: frequency, share: Math.log1p(frequency) / Math.log1p(most) },
    geometry: cellPolygon(key),
  }));
  const sum = buckets.reduce((all, each) => all + each.frequency, 0);
  const places = found.length === 1 ? "1 cell" : `${found.length} cells`;
  return {
    cells: found,
    prints: [],
    items: [],
    words: `The map counts ${sum.toLocaleString("en")} images in ${places}, by the middle of each.`,
  };
}
