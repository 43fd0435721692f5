import type { GeoTIFFImage } from "geotiff";
import { dataTypeOf, type Header, nodataOf, rangeOf, type Sample, timeOf } from "./samples";

/** At most so many pixels of a side are read to see which values a band has. */
const LOOKED_AT = 512;
/** Bytes that are decoded for that at most: whole rows are, where a file has no tiles. */
const MOST_BYTES = 64e6;
const METRES = 9001;
const FEET: Readonly<Record<number, number>> = { 9002: 0.3048, 9003: 1200 / 3937 };
const PALETTE = 3;
const RGB = 2;
const ALPHA = new Set([1, 2]);

/**
 * Return what a GeoTIFF says about itself. Only its header is read, and a few blocks of pixels.
 *
 * Throws an Error that says what is wrong with the file.
 */
export async function readHeader(file: Blob): Promise<Header> {
  const { image, smallest } = await opened(file, async (tiff) => {
    const first = await tiff.getImage(0);
    return { image: first, smallest: await lastOverview(tiff, first) };
  });
  const nodata = nodataOf(await text(image, "GDAL_NODATA"));
  const samples = await samplesOf(image, smallest, nodata);
  return {
    width: image.getWidth(),
    height: image.getHeight(),
    samples,
    nodata,
    resolution: resolutionOf(image),
    acquired: await dateOf(image),
    palette: await paletteOf(image),
  };
}

/** Return when a GeoTIFF says that it was taken, null where it does not. No pixel is read for it. */
export async function readDate(file: Blob): Promise<string | null> {
  return dateOf(await opened(file, (tiff) => tiff.getImage(0)));
}

type Tiff = Awaited<ReturnType<typeof import("geotiff").fromBlob>>;

async function opened<T>(file: Blob, read: (tiff: Tiff) => Promise<T>): Promise<T> {
  const { fromBlob } = await import("geotiff");
  try {
    return await read(await fromBlob(file));
  } catch (error) {
    throw new Error(`The file's header cannot be read: ${error instanceof Error ? error.message : "it is no TIFF"}.`);
  }
}

async function dateOf(image: GeoTIFFImage): Promise<string | null> {
  return timeOf((await tags(image, null))["ACQUISITIONDATETIME"] ?? (await text(image, "DateTime")));
}

async function lastOverview(tiff: Tiff, first: GeoTIFFImage): Promise<GeoTIFFImage> {
  let found = first;
  const count = await tiff.getImageCount();
  for (let at = 1; at < count; at += 1) {
    const each = await tiff.getImage(at);
    const isOverview = each.fileDirectory.getValue("NewSubfileType") === 1;
    if (isOverview && each.getWidth() < found.getWidth() && each.getSamplesPerPixel() === first.getSamplesPerPixel()) {
      found = each;
    }
  }
  return found;
}

async function samplesOf(image: GeoTIFFImage, smallest: GeoTIFFImage, nodata: Header["nodata"]): Promise<Sample[]> {
  const count = image.getSamplesPerPixel();
  const pixels = await glance(smallest);
  const extras = await numbers(image, "ExtraSamples");
  const isRgb = image.fileDirectory.getValue("PhotometricInterpretation") === RGB;
  const found: Sample[] = [];
  for (let at = 0; at < count; at += 1) {
    const about = await tags(image, at);
    const extra = extras[at - (count - extras.length)];
    const plain = isRgb ? (["red", "green", "blue"][at] ?? "") : "";
    const dataType = dataTypeOf(image.getSampleFormat(at), image.getBitsPerSample(at));
    found.push({
      dataType,
      name: about["DESCRIPTION"] ?? "",
      colour: extra !== undefined && ALPHA.has(extra) ? "alpha" : (about["COLORINTERP"] ?? plain).toLowerCase(),
      scale: number(about["SCALE"]),
      offset: number(about["OFFSET"]),
      unit: about["UNITTYPE"] ?? "",
      range: rangeOf(pixels?.[at] ?? [], nodata, dataType),
    });
  }
  return found;
}

/** Return some pixels of each band: the middle of the smallest picture in the file, or none. */
async function glance(image: GeoTIFFImage): Promise<ArrayLike<number>[] | null> {
  const [width, height] = [image.getWidth(), image.getHeight()];
  const [columns, rows] = [Math.min(width, LOOKED_AT), Math.min(height, LOOKED_AT)];
  const decoded = (image.isTiled ? columns + 2 * image.getTileWidth() : width) * (rows + 2 * image.getTileHeight());
  if (decoded * image.getBytesPerPixel() > MOST_BYTES) {
    return null;
  }
  const [left, top] = [Math.floor((width - columns) / 2), Math.floor((height - rows) / 2)];
  try {
    return (await image.readRasters({ window: [left, top, left + columns, top + rows] }));
  } catch {
    return null; // a compression that the browser cannot undo: the types' own ranges are proposed
  }
}

function resolutionOf(image: GeoTIFFImage): string | null {
  try {
    const [across, down] = image.getResolution();
    const keys = image.getGeoKeys();
    const size = Math.max(Math.abs(across ?? 0), Math.abs(down ?? 0));
    if (size === 0 || keys === null) {
      return null;
    }
    if (keys.GTModelTypeGeoKey === 2) {
      return `${rounded(size)} degrees`;
    }
    const unit = Number(keys.ProjLinearUnitsGeoKey ?? METRES);
    return `${rounded(size * (FEET[unit] ?? 1))}m`;
  } catch {
    return null;
  }
}

async function paletteOf(image: GeoTIFFImage): Promise<Header["palette"]> {
  if (image.fileDirectory.getValue("PhotometricInterpretation") !== PALETTE) {
    return null;
  }
  const values = await numbers(image, "ColorMap");
  const count = Math.floor(values.length / 3);
  const byte = (value: number | undefined) => (value ?? 0) >> 8;
  return Array.from({ length: count }, (_, at) => [byte(values[at]), byte(values[count + at]), byte(values[2 * count + at])]);
}

async function numbers(image: GeoTIFFImage, tag: "ExtraSamples" | "ColorMap"): Promise<number[]> {
  const found = image.fileDirectory.hasTag(tag) ? await image.fileDirectory.loadValue(tag) : [];
  return Array.from((typeof found === "number" ? [found] : (found ?? [])) as ArrayLike<number>, Number);
}

async function text(image: GeoTIFFImage, tag: "GDAL_NODATA" | "DateTime"): Promise<string> {
  const found: unknown = image.fileDirectory.hasTag(tag) ? await image.fileDirectory.loadValue(tag) : "";
  return typeof found === "string" ? found.replace(/\0+$/, "") : "";
}

/** Return GDAL's metadata of a band, or of the whole file. */
async function tags(image: GeoTIFFImage, sample: number | null): Promise<Record<string, string>> {
  const found = (await image.getGDALMetadata(sample)) ?? {};
  return Object.fromEntries(Object.entries(found).map(([name, value]) => [name, unescaped(String(value))]));
}

function unescaped(text: string): string {
  const known: Readonly<Record<string, string>> = { lt: "<", gt: ">", quot: '"', apos: "'", amp: "&" };
  return text.replace(/&(lt|gt|quot|apos|amp);/g, (_, name: string) => known[name] ?? "");
}

function number(text: string | undefined): number | null {
  const found = text === undefined || text.trim() === "" ? NaN : Number(text);
  return Number.isFinite(found) ? found : null;
}

function rounded(value: number): number {
  return Number(value.toPrecision(9));
}
