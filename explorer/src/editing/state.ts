import { signal } from "@preact/signals";
import { choose } from "../store";

/** The product that the side lets somebody manage. */
export const managing = signal<string | null>(null);

export function manage(product: string | null): void {
  choose(null);
  managing.value = product;
}
