import type { Geometry } from "geojson";
import { COMPARISONS, type Comparison, type Condition, EVERYTHING, type Query, type Value } from "./query";

/** Where the map looks. */
export interface View {
  readonly lng: number;
  readonly lat: number;
  readonly zoom: number;
  readonly flat: boolean;
}

export interface Chosen {
  readonly collection: string;
  readonly id: string;
}

/** How one image is drawn; what is null is left to the catalog or to the image's own percentiles. */
export interface Look {
  readonly bands: readonly string[];
  readonly expression: string;
  readonly range: readonly [number, number] | null;
  readonly colormap: string;
}

export interface State {
  readonly query: Query;
  readonly view: View | null;
  readonly chosen: Chosen | null;
  /** The image that the chosen one is compared with. */
  readonly compared: Chosen | null;
  readonly look: Look;
}

export const OWN_LOOK: Look = { bands: [], expression: "", range: null, colormap: "" };
export const START: State = { query: EVERYTHING, view: null, chosen: null, compared: null, look: OWN_LOOK };

/** Write a state as the part of an address after `#`: it stays in the browser and in shared links. */
export function toFragment({ query, view, chosen, compared, look }: State): string {
  const found = new URLSearchParams();
  const set = (name: string, value: string | null) => value && found.append(name, value);
  query.collections.forEach((each) => set("c", each));
  set("area", query.area === null ? null : JSON.stringify(query.area));
  set("from", query.from);
  set("to", query.to);
  set("cloud", query.cloud === null ? null : String(query.cloud));
  query.conditions.forEach((each) => set("f", JSON.stringify([each.property, each.op, each.value])));
  set("sort", query.sort === EVERYTHING.sort ? null : query.sort);
  if (view !== null) {
    set("at", [view.lng.toFixed(4), view.lat.toFixed(4), view.zoom.toFixed(2)].join(","));
    set("flat", view.flat ? "1" : null);
  }
  if (chosen !== null) {
    set("image", `${chosen.collection}/${chosen.id}`);
    set("bands", look.bands.join(","));
    set("expression", look.expression);
    set("range", look.range === null ? null : look.range.join(","));
    set("colormap", look.colormap);
    set("with", compared === null ? null : `${compared.collection}/${compared.id}`);
  }
  return found.toString();
}

/** Read a state back. What is not understood counts as left out: an address is anybody's text. */
export function fromFragment(text: string): State {
  const given = new URLSearchParams(text.replace(/^#/, ""));
  const chosen = readChosen(given, "image");
  return {
    query: readQuery(given),
    view: readView(given),
    chosen,
    compared: chosen === null ? null : readChosen(given, "with"),
    look: readLook(given),
  };
}

function readQuery(given: URLSearchParams): Query {
  const cloud = number(given.get("cloud"));
  return {
    collections: [...new Set(given.getAll("c"))],
    area: readArea(given.get("area")),
    from: readTime(given.get("from")),
    to: readTime(given.get("to")),
    cloud: cloud !== null && cloud >= 0 && cloud <= 100 ? cloud : null,
    conditions: given.getAll("f").flatMap(readCondition),
    sort: given.get("sort") ?? EVERYTHING.sort,
  };
}

function readView(given: URLSearchParams): View | null {
  const [lng, lat, zoom] = (given.get("at") ?? "").split(",").map((part) => number(part));
  if (lng == null || lat == null || zoom == null || Math.abs(lat) > 90) {
    return null;
  }
  return { lng, lat, zoom: Math.min(Math.max(zoom, 0), 22), flat: given.get("flat") === "1" };
}

function readChosen(given: URLSearchParams, name: string): Chosen | null {
  const [, collection, id] = /^([^/]+)\/([^/]+)$/.exec(given.get(name) ?? "") ?? [];
  return collection === undefined || id === undefined ? null : { collection, id };
}

function readLook(given: URLSearchParams): Look {
  const [low, high, more] = (given.get("range") ?? "").split(",").map((part) => number(part));
  return {
    bands: (given.get("bands") ?? "").split(",").filter((each) => each !== ""),
    expression: given.get("expression") ?? "",
    range: low != null && high != null && low < high && more === undefined ? [low, high] : null,
    colormap: given.get("colormap") ?? "",
  };
}

function readCondition(text: string): Condition[] {
  const given = parsed(text);
  if (!Array.isArray(given) || given.length !== 3) {
    return [];
  }
  const [property, op, value] = given as unknown[];
  const known = typeof property === "string" && COMPARISONS.includes(op as Comparison);
  return known && isValue(value) ? [{ property, op: op as Comparison, value }] : [];
}

function isValue(value: unknown): value is Value {
  if (typeof value === "object" && value !== null) {
    const { timestamp, ...more } = value as { timestamp?: unknown };
    return typeof timestamp === "string" && readTime(timestamp) !== null && Object.keys(more).length === 0;
  }
  return ["string", "number", "boolean"].includes(typeof value);
}

function readArea(text: string | null): Geometry | null {
  const given = text === null ? null : parsed(text);
  return isArea(given) ? given : null;
}

/** Whether a value is a GeoJSON polygon or several of them, by its form. */
export function isArea(given: unknown): given is Geometry {
  if (typeof given !== "object" || given === null || !("coordinates" in given) || !("type" in given)) {
    return false;
  }
  const depth = { Polygon: 2, MultiPolygon: 3 }[String(given.type)];
  return depth !== undefined && isNested(given.coordinates, depth);
}

function isNested(value: unknown, depth: number): boolean {
  if (!Array.isArray(value) || value.length === 0) {
    return false;
  }
  return depth === 0
    ? value.length >= 2 && value.every((each) => typeof each === "number" && Number.isFinite(each))
    : value.every((each) => isNested(each, depth - 1));
}

function readTime(text: string | null): string | null {
  const time = text === null || text === "" ? NaN : Date.parse(text);
  return Number.isNaN(time) ? null : new Date(time).toISOString();
}

function number(text: string | null | undefined): number | null {
  const value = text === null || text === undefined || text.trim() === "" ? NaN : Number(text);
  return Number.isFinite(value) ? value : null;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
