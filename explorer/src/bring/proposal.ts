import { slug } from "./names";
import type { Header, Range, Sample } from "./samples";

export const BAND_TYPES = ["spectral", "microwave", "mask", "class", "generic"] as const;
export type BandType = (typeof BAND_TYPES)[number];
export type Pair = readonly [number, number];

/** A band to be created, as it is proposed and edited. */
export interface BandDraft {
  readonly name: string;
  readonly type: BandType;
  readonly dataType: string;
  readonly nodata: string;
  readonly dataRange: Pair;
  readonly displayRange: Pair;
  readonly resolution: string;
  readonly fileIndex: number;
  readonly bandIndex: number;
  readonly isAlpha: boolean;
  readonly physicalRange: Pair | null;
  readonly unit: string;
  readonly colormap: readonly (readonly number[])[] | null;
}

const COLOURS = new Set(["red", "green", "blue", "nir", "swir", "rededge", "coastal", "pan", "panchromatic"]);
const MASK = /(^|[_.-])(mask|clouds?|valid|cloudmask|alpha)([_.-]|$)/i;
const CLASSES = /(^|[_.-])(class(es)?|landcover|land_cover|scl|qa|quality|labels?|pq|lulc)([_.\d-]|$)/i;
const MOST_COLOURS = 65_536;
const WHOLE: Readonly<Record<string, Pair>> = {
  Byte: [0, 255],
  Int8: [-128, 127],
  UInt16: [0, 65_535],
  Int16: [-32_768, 32_767],
};

/**
 * Return the bands that files of one image have, in their order: file by file, sample by sample.
 *
 * Throws an Error where a file has pixels that no band can have.
 */
export function proposeBands(headers: readonly { readonly name: string; readonly header: Header }[]): BandDraft[] {
  const found = headers.flatMap(({ name, header }, fileIndex) =>
    header.samples.map((sample, bandIndex) => {
      if (sample.dataType === null) {
        throw new Error(`${name} has pixels that are complex numbers, which no band can hold.`);
      }
      const alone = headers.length > 1 && header.samples.length === 1;
      return draft(sample, sample.dataType, header, { fileIndex, bandIndex, fallback: alone ? lastWord(name) : "" });
    }),
  );
  return numbered(found);
}

interface Place {
  readonly fileIndex: number;
  readonly bandIndex: number;
  readonly fallback: string;
}

function draft(sample: Sample, dataType: string, header: Header, { fileIndex, bandIndex, fallback }: Place): BandDraft {
  const isFloat = dataType.startsWith("Float");
  const isAlpha = sample.colour === "alpha";
  const isPalette = header.palette !== null && header.palette.length <= MOST_COLOURS;
  const name = slug(sample.name || (isAlpha || COLOURS.has(sample.colour) ? sample.colour : "") || fallback);
  const type = typeOf({ name, isFloat, isAlpha, isPalette, colour: sample.colour });
  const isMask = type === "mask";
  const whole = wholeRange(dataType, sample.range);
  const shown: Pair = sample.range === null || type === "class" ? whole : widened(sample.range.low, sample.range.high);
  const scaled = sample.scale !== null || sample.offset !== null;
  const physical = (value: number) => value * (sample.scale ?? 1) + (sample.offset ?? 0);
  return {
    name,
    type,
    dataType,
    nodata: isMask || header.nodata === null ? "" : String(header.nodata),
    dataRange: isMask ? [0, 1] : whole,
    displayRange: isMask ? [0, 1] : shown,
    resolution: header.resolution ?? "1m",
    fileIndex,
    bandIndex,
    isAlpha,
    physicalRange: scaled && !isMask && type !== "class" ? [physical(whole[0]), physical(whole[1])] : null,
    unit: sample.unit,
    colormap: isPalette && bandIndex === 0 ? header.palette : null,
  };
}

interface Hints {
  readonly name: string;
  readonly isFloat: boolean;
  readonly isAlpha: boolean;
  readonly isPalette: boolean;
  readonly colour: string;
}

function typeOf({ name, isFloat, isAlpha, isPalette, colour }: Hints): BandType {
  if (isAlpha || (!isFloat && MASK.test(name))) {
    return "mask";
  }
  if (!isFloat && (isPalette || CLASSES.test(name))) {
    return "class";
  }
  return COLOURS.has(colour) ? "spectral" : "generic";
}

/** The range of a type where it is small, else what was seen. */
function wholeRange(dataType: string, seen: Range | null): Pair {
  return WHOLE[dataType] ?? (seen === null ? [0, 1] : widened(seen.least, seen.most));
}

function widened(low: number, high: number): Pair {
  return low < high ? [low, high] : [low, low + 1];
}

/** The word of a file's name by which it differs from its neighbours: mostly the last. */
function lastWord(name: string): string {
  return name.replace(/\.[^.]*$/, "").split(/[_\s.-]/).at(-1) ?? "";
}

/** Give bands without a name one (`band1`), and those with a taken one another. */
function numbered(drafts: readonly BandDraft[]): BandDraft[] {
  const taken = new Set<string>();
  return drafts.map((each, at) => {
    const wanted = each.name === "" ? `band${at + 1}` : each.name;
    let name = wanted;
    for (let more = 2; taken.has(name); more += 1) {
      name = `${wanted}_${more}`;
    }
    taken.add(name);
    return { ...each, name };
  });
}

/** Return a band's attributes as the API takes them. Throws an Error for what is no number. */
export function bandAttributes(draft: BandDraft, productId: string): Record<string, unknown> {
  const isMask = draft.type === "mask";
  const ranges = { data_range: draft.dataRange, display_range: draft.displayRange };
  const isPhysical = draft.physicalRange !== null && draft.type !== "class" && !isMask;
  return {
    name: draft.name,
    product_id: productId,
    type: draft.type,
    data_type: draft.dataType,
    file_index: draft.fileIndex,
    band_index: draft.bandIndex,
    ...(isMask ? { is_alpha: draft.isAlpha } : ranges),
    ...(draft.resolution.trim() === "" ? {} : { resolution: draft.resolution }),
    ...nodataAttribute(draft),
    ...(isPhysical ? { physical_range: draft.physicalRange } : {}),
    ...(draft.unit !== "" && draft.type !== "class" && !isMask ? { physical_range_unit: draft.unit } : {}),
    ...(draft.colormap !== null && (draft.type === "class" || draft.type === "generic") ? { colormap: draft.colormap } : {}),
  };
}

function nodataAttribute({ name, nodata }: BandDraft): { nodata?: number | string } {
  const text = nodata.trim();
  if (text === "") {
    return {};
  }
  if (/^(NaN|-?Infinity)$/i.test(text)) {
    return { nodata: text };
  }
  const value = Number(text);
  if (!Number.isFinite(value)) {
    throw new Error(`The nodata value of ${name} is “${text}”: it must be a number, NaN, Infinity or -Infinity.`);
  }
  return { nodata: value };
}

/** Return what is wrong with drafts, in words; empty where they can be saved. */
export function faults(drafts: readonly BandDraft[]): string[] {
  const names = drafts.map((each) => each.name);
  return drafts.flatMap((each, at) => [
    ...(/^[A-Za-z0-9_.-]{1,255}$/.test(each.name)
      ? []
      : [`Band ${at + 1} needs a name out of letters, digits, "_", "." and "-".`]),
    ...(names.indexOf(each.name) < at ? [`Two bands are called ${each.name}.`] : []),
    ...([...each.dataRange, ...each.displayRange].every(Number.isFinite) ? [] : [`The ranges of ${each.name} need two numbers each.`]),
  ]);
}
