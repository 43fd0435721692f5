/** What a file's header says of one band. `range`: what was seen of its values; null: nothing. */
export interface Sample {
  readonly dataType: string | null;
  readonly name: string;
  readonly colour: string;
  readonly scale: number | null;
  readonly offset: number | null;
  readonly unit: string;
  readonly range: Range | null;
}

export interface Range {
  readonly least: number;
  readonly low: number;
  readonly high: number;
  readonly most: number;
}

/** What a file's header says. `resolution` is as the API takes it, `acquired` ISO 8601. */
export interface Header {
  readonly width: number;
  readonly height: number;
  readonly samples: readonly Sample[];
  readonly nodata: number | string | null;
  readonly resolution: string | null;
  readonly acquired: string | null;
  readonly palette: readonly (readonly number[])[] | null;
}

const UNSIGNED = 1;
const SIGNED = 2;
const FLOAT = 3;
const NOT_FINITE: Readonly<Record<string, string>> = {
  nan: "NaN",
  inf: "Infinity",
  "+inf": "Infinity",
  infinity: "Infinity",
  "-inf": "-Infinity",
  "-infinity": "-Infinity",
};

/** Return the catalog's name of a sample's type, as GDAL would read it; null for complex numbers. */
export function dataTypeOf(format: number, bits: number): string | null {
  if (format === FLOAT) {
    return bits <= 32 ? "Float32" : "Float64";
  }
  const wide = [8, 16, 32, 64].find((each) => bits <= each);
  if (wide === undefined) {
    return null;
  }
  if (format === UNSIGNED) {
    return wide === 8 ? "Byte" : `UInt${wide}`;
  }
  return format === SIGNED ? `Int${wide}` : null;
}

/** Return the nodata value of GDAL's tag: a number, or the name of one that JSON lacks. */
export function nodataOf(tag: string): number | string | null {
  const text = tag.trim();
  const value = text === "" ? NaN : Number(text);
  return Number.isFinite(value) ? value : (NOT_FINITE[text.toLowerCase()] ?? null);
}

/**
 * Return how values are spread: the least, the 2nd and 98th percentile, the greatest; null for none.
 *
 * The nodata value is compared as the samples hold it: Float32 has no exact -3.4e38 or 0.1.
 */
export function rangeOf(values: ArrayLike<number>, nodata: number | string | null, dataType: string | null): Range | null {
  const none = dataType === "Float32" && typeof nodata === "number" ? Math.fround(nodata) : nodata;
  const valid = Array.from(values, Number).filter((value) => Number.isFinite(value) && value !== none);
  valid.sort((a, b) => a - b);
  const at = (share: number) => valid[Math.trunc(share * (valid.length - 1))];
  const [least, low, high, most] = [at(0), at(0.02), at(0.98), at(1)];
  return least === undefined || low === undefined || high === undefined || most === undefined
    ? null
    : { least, low, high, most };
}

/** Return the time of a date tag (`2024:05:01 10:00:00`, taken as UTC) or ISO text, null for none. */
export function timeOf(text: string): string | null {
  const tiff = /^(\d{4}):(\d\d):(\d\d) (\d\d:\d\d:\d\d)$/.exec(text.trim());
  const iso = tiff === null ? text.trim() : `${tiff[1]}-${tiff[2]}-${tiff[3]}T${tiff[4]}Z`;
  const isZoned = /(Z|[+-]\d\d:?\d\d)$/.test(iso) || !iso.includes("T");
  const time = /^\d{4}-\d\d/.test(iso) ? Date.parse(isZoned ? iso : `${iso}Z`) : NaN;
  return Number.isNaN(time) ? null : new Date(time).toISOString();
}
