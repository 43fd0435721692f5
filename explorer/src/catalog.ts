import { ask, send } from "./api";

/** An object of the catalog, with the version that its answer carried. */
export interface Resource {
  readonly id: string;
  readonly type: string;
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly version: string | null;
}

export interface Answer {
  readonly data: Omit<Resource, "version">;
}

interface Pages {
  readonly data: readonly (Omit<Resource, "version"> & { readonly relationships?: Relations })[];
  readonly included?: readonly Omit<Resource, "version">[];
  readonly links?: { readonly next?: string | null };
  readonly meta?: { readonly count?: number };
}

export interface Relations {
  readonly events?: { readonly data: readonly { readonly id: string }[] };
}

export type Kind = "product" | "band" | "image";

const BASE = "/catalog/v2";

/** The status of a change that came too late: somebody else changed the object in between. */
export const CONFLICT = 409;

export function pathOf(kind: Kind, id: string): string {
  return `${BASE}/${kind}s/${encodeURIComponent(id)}`;
}

/** Return an object, with its version for a later change. */
export async function get(kind: Kind, id: string): Promise<Resource> {
  return versioned(await send(pathOf(kind, id)));
}

export function create(kind: Kind, id: string, attributes: Record<string, unknown>): Promise<Answer> {
  return ask(`${BASE}/${kind}s`, { body: { data: { type: kind, id, attributes } } });
}

/** Change an object that is still as it was looked at: another writer's change in between is a conflict. */
export async function patch(kind: Kind, old: Resource, attributes: Record<string, unknown>): Promise<Resource> {
  const body = { data: { type: kind, id: old.id, attributes } };
  return versioned(await send(pathOf(kind, old.id), { method: "PATCH", body, headers: ifMatch(old) }));
}

export async function remove(kind: Kind, old: Resource): Promise<void> {
  await send(pathOf(kind, old.id), { method: "DELETE", headers: ifMatch(old) });
}

function ifMatch({ version }: Resource): Record<string, string> {
  return version === null ? {} : { "If-Match": version };
}

async function versioned(response: Response): Promise<Resource> {
  const { data } = (await response.json()) as Answer;
  return { ...data, version: response.headers.get("etag") };
}

/** Search a collection, through all of its pages. */
export async function search(collection: string, body: Record<string, unknown>): Promise<Pages> {
  const data: Pages["data"][number][] = [];
  const included: Omit<Resource, "version">[] = [];
  let path: string | null | undefined = `${BASE}/${collection}`;
  let meta: Pages["meta"];
  while (path) {
    const page: Pages = await ask<Pages>(path, { method: "PUT", body });
    data.push(...page.data);
    included.push(...(page.included ?? []));
    meta ??= page.meta;
    path = page.links?.next;
  }
  return { data, included, ...(meta === undefined ? {} : { meta }) };
}

/** How much of something there is. */
export interface Amount {
  readonly images: number;
  readonly bytes: number;
}

/** Return how many images a filter finds, and how large their files are. */
export async function amountOf(filter: readonly unknown[]): Promise<Amount> {
  const path = `${BASE}/images/summary/all`;
  const { data } = await ask<{ data: { attributes: { count: number; bytes: number } } }>(path, { method: "PUT", body: { filter } });
  return { images: data.attributes.count, bytes: data.attributes.bytes };
}

/** A product, as far as a choice of products needs it. */
export interface Product {
  readonly id: string;
  readonly name: string;
  readonly pattern: boolean;
}

/**
 * Return the products that the caller may perhaps put images into.
 *
 * Others than owners see of the lists only what names themselves: where neither owners nor writers
 * do, the API would refuse.
 */
export async function writable(): Promise<Product[]> {
  const { data } = await search("products", { sort: "name" });
  return data.filter((each) => mayChange(each.attributes)).map((each) => ({
    id: each.id,
    name: typeof each.attributes["name"] === "string" ? each.attributes["name"] : each.id,
    pattern: typeof asObject(each.attributes["extra_properties"])["swath.acquired_pattern"] === "string",
  }));
}

export function mayChange(attributes: Readonly<Record<string, unknown>>): boolean {
  return ["owners", "writers"].some((name) => Array.isArray(attributes[name]) && attributes[name].length > 0);
}

export function asObject(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
}
