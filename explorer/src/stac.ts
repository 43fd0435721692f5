import type { Geometry } from "geojson";
import { ask } from "./api";
import { type Bounds, itemsBody, type Query, searchBody } from "./state/query";
import { type Bar, bars, type Interval, intervalFor, type Part } from "./state/intervals";

export interface Band {
  readonly name: string;
  readonly data_type?: string;
  readonly unit?: string;
  readonly "eo:common_name"?: string;
}

export interface Asset {
  readonly href: string;
  readonly title?: string;
  readonly type?: string;
  readonly roles?: readonly string[];
  readonly bands?: readonly Band[];
  readonly "file:size"?: number;
}

export interface Collection {
  readonly id: string;
  readonly title?: string;
  readonly description?: string;
  readonly item_assets?: Readonly<Record<string, { readonly bands?: readonly Band[] }>>;
}

export interface Item {
  readonly id: string;
  readonly collection: string;
  readonly geometry: Geometry | null;
  readonly bbox?: readonly number[];
  readonly properties: Readonly<Record<string, unknown>>;
  readonly assets: Readonly<Record<string, Asset>>;
}

/** Whether an image can be drawn: the catalog has its files, and so a thumbnail. */
export function isPictured({ assets }: { readonly assets?: Item["assets"] }): boolean {
  return assets?.["thumbnail"] !== undefined;
}

interface Link {
  readonly rel: string;
  readonly href: string;
  readonly body?: unknown;
}

export interface Page {
  readonly features: readonly Item[];
  readonly numberMatched?: number;
  readonly links: readonly Link[];
}

/** How many images one cell, or one interval, has. */
export interface Bucket {
  readonly key: string;
  readonly frequency: number;
}

interface Aggregation {
  readonly name: string;
  readonly value?: number | string | null;
  readonly buckets?: readonly Bucket[];
  readonly overflow?: number;
}

export interface Summary {
  readonly total: number;
  readonly bars: readonly Bar[];
  readonly interval: Interval;
}

export interface Queryable {
  readonly description?: string;
  readonly type?: string;
  readonly format?: string;
  readonly enum?: readonly string[];
}

const PAGE = 50;

/** Give all collections that the caller may see, page by page. */
export async function* collections(signal: AbortSignal): AsyncGenerator<readonly Collection[]> {
  let next: string | undefined = "/stac/collections?limit=200";
  while (next !== undefined) {
    const page: { collections: Collection[]; links: Link[] } = await ask(next, { signal });
    next = page.links.find((link) => link.rel === "next")?.href;
    yield page.collections;
  }
}

/** Return the properties that items are filtered by: of one collection what it declares, too, else those of all. */
export function queryables(collection: string | null, signal: AbortSignal): Promise<Record<string, Queryable>> {
  return properties(collection, "queryables", signal);
}

/** Return the names of the properties that items are sorted by, likewise. */
export async function sortables(collection: string | null, signal: AbortSignal): Promise<readonly string[]> {
  return Object.keys(await properties(collection, "sortables", signal));
}

async function properties(collection: string | null, of: string, signal: AbortSignal): Promise<Record<string, Queryable>> {
  const path = collection === null ? "/stac" : `/stac/collections/${encodeURIComponent(collection)}`;
  const schema = await ask<{ properties: Record<string, Queryable> }>(`${path}/${of}`, { signal });
  return schema.properties;
}

export function firstPage(query: Query, signal: AbortSignal): Promise<Page> {
  return ask("/stac/search", { body: itemsBody(query, PAGE), signal });
}

/** Return the page after this one, or null if it is the last. */
export function nextPage(page: Page, signal: AbortSignal): Promise<Page> | null {
  const next = page.links.find((link) => link.rel === "next");
  return next === undefined ? null : ask(next.href, { body: next.body, signal });
}

export function item(collection: string, id: string, signal: AbortSignal, sign = false): Promise<Item> {
  const path = `/stac/collections/${encodeURIComponent(collection)}/items/${encodeURIComponent(id)}`;
  return ask(sign ? `${path}?sign=true` : path, { signal });
}

export async function count(query: Query, signal: AbortSignal): Promise<number> {
  const found = await aggregate(searchBody(query), { aggregations: ["total_count"] }, signal);
  return Number(found.get("total_count")?.value ?? 0);
}

/** Return how the images of a query lie in time, whatever times it asks for: in a part of it, or in all of it. */
export async function overTime(query: Query, part: Part | null, signal: AbortSignal): Promise<Summary> {
  const body = searchBody({ ...query, from: part?.from ?? null, to: part?.to ?? null });
  if (part !== null) {
    const found = await frequency(body, part.interval, signal);
    return { total: found.reduce((sum, bar) => sum + bar.count, 0), bars: found, interval: part.interval };
  }
  const ends = ["total_count", "datetime_min", "datetime_max"];
  const about = await aggregate(body, { aggregations: ends }, signal);
  const total = Number(about.get("total_count")?.value ?? 0);
  const [low, high] = ["datetime_min", "datetime_max"].map(
    (name) => Date.parse(String(about.get(name)?.value)) / 1000,
  );
  if (total === 0 || low === undefined || high === undefined || Number.isNaN(low + high)) {
    return { total, bars: [], interval: "day" };
  }
  const interval = intervalFor(low, high);
  return { total, bars: await frequency(body, interval, signal), interval };
}

async function frequency(body: Record<string, unknown>, interval: Interval, signal: AbortSignal): Promise<Bar[]> {
  const wanted = { aggregations: ["datetime_frequency"], datetime_frequency_interval: interval };
  const found = await aggregate(body, wanted, signal);
  return bars(found.get("datetime_frequency")?.buckets ?? [], interval);
}

/** Return the collections that have images, and how many, those with most first. */
export async function byCollection(): Promise<readonly Bucket[]> {
  const found = await aggregate({}, { aggregations: ["collection_frequency"] }, new AbortController().signal);
  return found.get("collection_frequency")?.buckets ?? [];
}

/** Return how many images of a query have their middle in each H3 cell, within bounds or anywhere. */
export async function density(
  query: Query,
  bounds: Bounds | null,
  resolution: number,
  signal: AbortSignal,
): Promise<readonly Bucket[]> {
  const wanted = {
    aggregations: ["grid_geohex_frequency"],
    grid_geohex_frequency_precision: resolution,
  };
  const found = await aggregate(searchBody(query, bounds), wanted, signal);
  return found.get("grid_geohex_frequency")?.buckets ?? [];
}

/** Return the newest images of a query within bounds: where they lie, and how many there are. */
export function inView(query: Query, bounds: Bounds, limit: number, signal: AbortSignal): Promise<Page> {
  const fields = { include: ["id", "collection", "geometry", "bbox", "properties.datetime", "properties.updated", "assets.thumbnail.type"], exclude: ["links"] };
  return ask("/stac/search", { body: { ...searchBody(query, bounds), limit, fields }, signal });
}

/** Return the newest images that share ground with one, without itself, and how many there are besides these. */
export async function overlapping(of: Item, signal: AbortSignal): Promise<{ readonly items: readonly Item[]; readonly more: number }> {
  const fields = { include: ["id", "collection", "properties.datetime"], exclude: ["assets", "links", "geometry", "bbox"] };
  const page = await ask<Page>("/stac/search", { body: { intersects: of.geometry, limit: PAGE, fields }, signal });
  const items = page.features.filter((each) => each.id !== of.id || each.collection !== of.collection);
  const all = page.numberMatched ?? page.features.length;
  // the image itself is among all, on this page or on another one
  return { items, more: all - page.features.length - (items.length === page.features.length && all > items.length ? 1 : 0) };
}

async function aggregate(
  search: Record<string, unknown>,
  wanted: Record<string, unknown>,
  signal: AbortSignal,
): Promise<Map<string, Aggregation>> {
  const answer = await ask<{ aggregations: Aggregation[] }>("/stac/aggregate", {
    body: { ...search, ...wanted },
    signal,
  });
  return new Map(answer.aggregations.map((each) => [each.name, each]));
}
