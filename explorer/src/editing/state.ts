import { signal } from "@preact/signals";
import { choose } from "../store";

/** The product that the side lets somebody manage. */
export const managing = signal<string | null>(null);

/** Close the pane of a product, if it is still that one which is open. */
export function leave(product: string): void {
  if (managing.value === product) {
    managing.value = null;
  }
}

export function manage(product: string | null): void {
  choose(null);
  managing.value = product;
}
