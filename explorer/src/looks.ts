import { ask } from "./api";
import type { Look } from "./state/address";

/** A band, as the catalog has it. */
export interface CatalogBand {
  readonly name: string;
  readonly type: string;
  readonly data_type: string;
  readonly display_range?: readonly [number, number];
  readonly wavelength_nm_center?: number;
  readonly sort_order?: number | null;
  readonly extra_properties?: Readonly<Record<string, unknown>>;
}

/** What a product has to draw: its bands in their order, and those that it is to be shown by. */
export interface Bands {
  readonly all: readonly CatalogBand[];
  readonly display: readonly string[];
}

export const NO_BANDS: Bands = { all: [], display: [] };

interface Answer {
  readonly data: readonly { readonly attributes: CatalogBand }[];
  readonly included?: readonly { readonly attributes: { readonly default_display_bands?: readonly string[] | null } }[];
}

const known = new Map<string, Promise<Bands>>();

/** Return the bands of a product; asked once. */
export function bandsOf(product: string): Promise<Bands> {
  const there = known.get(product);
  if (there !== undefined) {
    return there;
  }
  const filter = [{ op: "eq", name: "product_id", val: product }];
  const found = ask<Answer>("/catalog/v2/bands?include=product", {
    method: "PUT",
    body: { filter, limit: 1000 },
  }).then(({ data, included }) => ({
    all: data.map((each) => each.attributes).sort((a, b) => (a.sort_order ?? 0) - (b.sort_order ?? 0)),
    display: included?.[0]?.attributes.default_display_bands ?? [],
  }));
  known.set(product, found);
  found.catch(() => known.delete(product));
  return found;
}

export function forgetBands(): void {
  known.clear();
}

/**
 * Return the bands that a picture of a product shows unless somebody chose: three colours, or one.
 * These are the ones that raster draws if none are asked for.
 */
export function pictureBands({ all, display }: Bands): readonly string[] {
  const seen = all.filter((each) => each.type !== "mask").map((each) => each.name);
  const wanted = display.filter((name) => seen.includes(name));
  const colours = ["red", "green", "blue"].flatMap((colour) => all.find((band) => colourOf(band) === colour)?.name ?? []);
  if (wanted.length > 0) {
    return drawable(wanted);
  }
  return colours.length === 3 ? colours : drawable(seen);
}

/** Return as many bands as a picture takes: three, or one. */
function drawable(names: readonly string[]): readonly string[] {
  return names.slice(0, names.length < 3 ? 1 : 3);
}

function colourOf(band: CatalogBand): string {
  const common = band.extra_properties?.["eo:common_name"];
  return (typeof common === "string" ? common : band.name).toLowerCase();
}

/**
 * Return the query of a picture's address: what somebody chose, or what the product's bands suggest.
 * It is empty where the product has no bands: then there is nothing to draw.
 */
export async function lookQuery(collection: string, look: Look): Promise<string> {
  const found = new URLSearchParams();
  if (look.expression !== "") {
    found.set("expression", look.expression);
  } else {
    const bands = look.bands.length > 0 ? look.bands : pictureBands(await bandsOf(collection));
    if (bands.length === 0) {
      return "";
    }
    found.set("bands", bands.join(","));
  }
  if (look.range !== null) {
    found.set("range", look.range.join(","));
  }
  if (look.colormap !== "") {
    found.set("colormap", look.colormap);
  }
  return found.toString();
}

/** Return the parts of a look that draw an expression, or none; values of bands say nothing of an expression's. */
export function computedLook(now: Look, expression: string): Partial<Look> {
  if (expression === "") {
    return { expression, range: null, colormap: "" };
  }
  const range = now.expression === "" ? null : now.range;
  return { expression, bands: [], range: range ?? [-1, 1], colormap: now.colormap || "viridis" };
}

/** Return the range that two texts are: null where both are empty, undefined where they are none that is drawn. */
export function rangeOf(low: string, high: string): [number, number] | null | undefined {
  if (low.trim() === "" && high.trim() === "") {
    return null;
  }
  const ends = [low, high].map((each) => (each.trim() === "" ? NaN : Number(each)));
  const [from = NaN, to = NaN] = ends;
  return Number.isFinite(from) && Number.isFinite(to) && from < to ? [from, to] : undefined;
}

/** Return the query with an image's version: pictures are kept for a day, by their address. */
export function withVersion(query: string, version: unknown): string {
  return query === "" || typeof version !== "string" ? query : `${query}&v=${encodeURIComponent(version)}`;
}

export function imagePath(collection: string, id: string): string {
  return `/raster/v2/images/${encodeURIComponent(`${collection}:${id}`)}`;
}
