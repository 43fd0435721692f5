import type { Geometry } from "geojson";

/** One comparison of a property of images, beyond those that have fields of their own. */
export interface Condition {
  readonly property: string;
  readonly op: Comparison;
  readonly value: Value;
}

/** A literal of CQL2, as the API takes it. */
export type Value = string | number | boolean | { readonly timestamp: string };

export const COMPARISONS = ["=", "<>", "<", "<=", ">", ">=", "like"] as const;
export type Comparison = (typeof COMPARISONS)[number];

/** What values a property has; those that are not known are texts. */
export type ValueKind = "text" | "number" | "boolean" | "time";

export function valueKind(about: { readonly type?: string; readonly format?: string }): ValueKind {
  if (about.type === "number" || about.type === "integer") {
    return "number";
  }
  return about.type === "boolean" ? "boolean" : about.format === "date-time" ? "time" : "text";
}

/** Return the comparisons that values of a kind have: patterns are of texts, and true is not before false. */
export function comparisonsOf(kind: ValueKind): readonly Comparison[] {
  const most = COMPARISONS.slice(0, kind === "boolean" ? 2 : COMPARISONS.length);
  return most.filter((each) => each !== "like" || kind === "text");
}

/** Return what was typed as a value of its kind, times in UTC; null where it is none. */
export function valueOf(kind: ValueKind, text: string): Value | null {
  if (kind === "number") {
    return text.trim() !== "" && Number.isFinite(Number(text)) ? Number(text) : null;
  }
  if (kind === "boolean") {
    return text === "true" ? true : text === "false" ? false : null;
  }
  if (kind === "time") {
    const time = Date.parse(`${text}Z`);
    return Number.isNaN(time) ? null : { timestamp: new Date(time).toISOString() };
  }
  return text === "" ? null : text;
}

/** Return a value as it is shown. */
export function valueWords(value: Value): string {
  return typeof value === "object" ? value.timestamp : String(value);
}

/** What is asked: map, histogram, count and list all follow it. Times are from (included) to (not). */
export interface Query {
  readonly collections: readonly string[];
  readonly area: Geometry | null;
  readonly from: string | null;
  readonly to: string | null;
  readonly cloud: number | null;
  readonly conditions: readonly Condition[];
  readonly sort: string;
}

export const NEWEST = "-datetime";
export const EVERYTHING: Query = {
  collections: [],
  area: null,
  from: null,
  to: null,
  cloud: null,
  conditions: [],
  sort: NEWEST,
};

/** A query without one of its conditions, and what that condition is called. */
export interface Widened {
  readonly words: string;
  readonly query: Query;
}

/** Return the query without each of its conditions in turn: what might keep it from finding anything. */
export function withoutEach(query: Query): Widened[] {
  const found: Widened[] = [];
  const add = (used: boolean, words: string, part: Partial<Query>) => used && found.push({ words, query: { ...query, ...part } });
  add(query.collections.length > 0, query.collections.length === 1 ? "the collection" : "the collections", { collections: [] });
  add(query.from !== null || query.to !== null, "the times", { from: null, to: null });
  add(query.area !== null, "the area", { area: null });
  add(query.cloud !== null, `the clouds (${query.cloud ?? 0} % at most)`, { cloud: null });
  query.conditions.forEach((each, at) =>
    add(true, `the condition on ${each.property}`, { conditions: query.conditions.filter((_, other) => other !== at) }),
  );
  return found;
}

type Expression = { readonly op: string; readonly args: readonly unknown[] };
export type Bounds = readonly [west: number, south: number, east: number, north: number];

/** The members of a STAC search. `bounds` is where the map looks, beside the area that is asked. */
export function searchBody(query: Query, bounds: Bounds | null = null): Record<string, unknown> {
  const tests = conditions(query, bounds !== null);
  return {
    ...(query.collections.length > 0 ? { collections: query.collections } : {}),
    ...(bounds !== null ? { bbox: bounds } : {}),
    ...(bounds === null && query.area !== null ? { intersects: query.area } : {}),
    ...(tests.length > 0 ? { filter: { op: "and", args: tests }, "filter-lang": "cql2-json" } : {}),
  };
}

/** The same with its order, for items. */
export function itemsBody(query: Query, limit: number): Record<string, unknown> {
  const descends = query.sort.startsWith("-");
  const sortby =
    query.sort === NEWEST
      ? {}
      : {
          sortby: [
            {
              field: query.sort.replace(/^[-+]/, ""),
              direction: descends ? "desc" : "asc",
            },
          ],
        };
  return { ...searchBody(query), ...sortby, limit };
}

function conditions(query: Query, areaToo: boolean): Expression[] {
  const found: Expression[] = [];
  if (query.from !== null) {
    found.push(compared(">=", "datetime", { timestamp: query.from }));
  }
  if (query.to !== null) {
    found.push(compared("<", "datetime", { timestamp: query.to }));
  }
  if (query.cloud !== null) {
    found.push(compared("<=", "eo:cloud_cover", query.cloud));
  }
  if (areaToo && query.area !== null) {
    found.push({ op: "s_intersects", args: [{ property: "geometry" }, query.area] });
  }
  return [...found, ...query.conditions.map((each) => compared(each.op, each.property, each.value))];
}

function compared(op: string, property: string, value: unknown): Expression {
  return { op, args: [{ property }, value] };
}
