import { NEWEST } from "./query";

/** An order of images, as the address has it: a direction and a property. */
export interface Order {
  readonly sort: string;
  readonly words: string;
}

/** The orders that are offered first. */
export const FIRST_ORDERS: readonly Order[] = [
  { sort: NEWEST, words: "newest first" },
  { sort: "+datetime", words: "oldest first" },
  { sort: "+eo:cloud_cover", words: "fewest clouds first" },
  { sort: "-created", words: "last saved first" },
  { sort: "+id", words: "by name" },
];

const FIRST = new Map(FIRST_ORDERS.map((each) => [each.sort, each.words]));

/** Return both directions of properties, without those that are offered first. */
export function ordersBy(properties: readonly string[]): readonly Order[] {
  const both = properties.flatMap((each) => [`+${each}`, `-${each}`]);
  return both.filter((each) => !FIRST.has(each)).map((sort) => ({ sort, words: orderWords(sort) }));
}

/** Return an order in words. */
export function orderWords(sort: string): string {
  return FIRST.get(sort) ?? `${sort.replace(/^[-+]/, "")}, ${sort.startsWith("-") ? "descending" : "ascending"}`;
}
