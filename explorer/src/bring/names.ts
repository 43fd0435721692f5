const INVALID = /[^A-Za-z0-9_.-]/g;
const LONGEST_IMAGE = 600;
const LONGEST_PRODUCT = 100;

/** Return a text as a name: what names cannot hold becomes `_`, as the Python client does it. */
export function slug(text: string): string {
  return text.trim().replace(INVALID, "_").slice(0, 255);
}

export function stem(fileName: string): string {
  return fileName.replace(/\.(tiff?|jp2|j2k|png|jpe?g)$/i, "");
}

/** Return the name that an image of a file gets. */
export function imageName(fileName: string): string {
  return stem(fileName).replace(INVALID, "_").slice(0, LONGEST_IMAGE) || "image";
}

/** Return the id, without the organisation, that a product of a file gets. */
export function productId(fileName: string): string {
  const plain = stem(fileName).normalize("NFKD").replace(/[\u0300-\u036f]/g, "");
  return plain.replace(INVALID, "-").replace(/-{2,}/g, "-").replace(/^-+|-+$/g, "").toLowerCase().slice(0, LONGEST_PRODUCT) || "product";
}

/** Return the time that a file's name holds (20240501, 2024-05-01, 20240501T101500), null for none. */
export function timeInName(fileName: string): string | null {
  const found = /(?<!\d)((?:19|20)\d\d)([-_]?)(0[1-9]|1[0-2])\2(0[1-9]|[12]\d|3[01])(?:[T_-]?([01]\d|2[0-3])([0-5]\d)([0-5]\d))?(?!\d)/.exec(
    fileName,
  );
  if (found === null) {
    return null;
  }
  const [, year, , month, day, hours = "00", minutes = "00", seconds = "00"] = found;
  const time = new Date(`${year}-${month}-${day}T${hours}:${minutes}:${seconds}Z`);
  return Number.isNaN(time.getTime()) || time.getUTCDate() !== Number(day) ? null : time.toISOString();
}

/** Files that become one image, in the order of the bands' `file_index`. */
export interface Group<T> {
  readonly name: string;
  readonly files: readonly T[];
}

/**
 * Sort files into images of so many files each: those belong together whose names differ in the last word.
 *
 * Groups of another number are returned as well; they cannot be sent.
 */
export function grouped<T extends { readonly name: string }>(files: readonly T[], perImage: number): Group<T>[] {
  if (perImage === 1) {
    return files.map((file) => ({ name: imageName(file.name), files: [file] }));
  }
  const inOrder = [...files].sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
  if (inOrder.length === perImage) {
    return [{ name: imageName(common(inOrder.map((each) => each.name))), files: inOrder }];
  }
  const groups = new Map<string, T[]>();
  for (const file of inOrder) {
    const key = stem(file.name).replace(/[_.\s-][^_.\s-]*$/, "");
    groups.set(key, [...(groups.get(key) ?? []), file]);
  }
  return [...groups].map(([key, found]) => ({ name: imageName(key), files: found }));
}

function common(names: readonly string[]): string {
  const [first = ""] = names;
  let length = 0;
  while (length < first.length && names.every((each) => each[length] === first[length])) {
    length += 1;
  }
  return first.slice(0, length).replace(/[_.\s-]+[^_.\s-]{0,2}$/, "") || stem(first);
}

const KINDS: readonly (readonly [string, readonly number[], number])[] = [
  ["tiff", [0x49, 0x49, 0x2a, 0x00], 0],
  ["tiff", [0x4d, 0x4d, 0x00, 0x2a], 0],
  ["tiff", [0x49, 0x49, 0x2b, 0x00], 0],
  ["tiff", [0x4d, 0x4d, 0x00, 0x2b], 0],
  ["jp2", [0x6a, 0x50, 0x20, 0x20], 4],
  ["jp2", [0xff, 0x4f, 0xff, 0x51], 0],
  ["png", [0x89, 0x50, 0x4e, 0x47], 0],
  ["jpeg", [0xff, 0xd8, 0xff], 0],
];

/** Return what a file is by its first bytes. Throws an Error for what the catalog does not take. */
export function kindOf(bytes: Uint8Array): string {
  if (bytes.length === 0) {
    throw new Error("The file is empty: it has 0 bytes.");
  }
  const found = KINDS.find(([, magic, at]) => magic.every((byte, step) => bytes[at + step] === byte));
  if (found === undefined) {
    throw new Error("This is no GeoTIFF, JPEG 2000, PNG or JPEG: its first bytes are those of something else.");
  }
  return found[0];
}
