import { batch, signal } from "@preact/signals";
import { token, words } from "../api";
import { type Amount, amountOf } from "../catalog";
import { byCollection } from "../stac";
import { limited } from "../ui/limited";

/** What a product keeps. */
export interface Kept extends Amount {
  readonly product: string;
}

export interface Storage {
  /** Of all products together. */
  readonly all: Amount;
  /** Those with most images, by the bytes that they keep. */
  readonly products: readonly Kept[];
  /** How many products have images. */
  readonly filled: number;
}

export const storage = signal<Storage | null>(null);
export const storageTrouble = signal("");

const PRODUCTS = 50;
const AT_ONCE = 4;

export function forgetStorage(): void {
  batch(() => {
    storage.value = null;
    storageTrouble.value = "";
  });
}

/** Ask what is kept: in all, and of each of the products with most images. */
export async function lookAtStorage(): Promise<void> {
  const who = token.peek();
  try {
    const found = await storageOf();
    if (who === token.peek()) {
      storage.value = found;
      storageTrouble.value = "";
    }
  } catch (error) {
    if (who === token.peek()) {
      storageTrouble.value = words(error);
    }
  }
}

async function storageOf(): Promise<Storage> {
  const inTurn = limited(AT_ONCE);
  const [all, filled] = await Promise.all([amountOf([]), byCollection()]);
  const largest = filled.slice(0, PRODUCTS).map(({ key: product }) =>
    inTurn(async () => ({ product, ...(await amountOf([{ op: "eq", name: "product_id", val: product }])) })),
  );
  return { all, products: largestFirst(await Promise.all(largest)), filled: filled.length };
}

/** Return products by the bytes that they keep, the most first; equal ones by id. */
export function largestFirst(kept: readonly Kept[]): readonly Kept[] {
  return [...kept].sort((one, other) => other.bytes - one.bytes || one.product.localeCompare(other.product));
}

/** Return what the list of products leaves out, in words; `known` is how many there are, null while that is not known. */
export function leftOut({ products, filled }: Storage, known: number | null): string {
  const more = filled - products.length;
  const empty = known === null ? 0 : known - filled;
  const parts = [
    more > 0 ? `These ${products.length} have the most images; ${more.toLocaleString("en")} more ${more === 1 ? "is" : "are"} in the sum only.` : "",
    empty > 0 ? `${empty.toLocaleString("en")} product${empty === 1 ? " has" : "s have"} no images.` : "",
  ];
  return parts.filter((each) => each !== "").join(" ");
}
