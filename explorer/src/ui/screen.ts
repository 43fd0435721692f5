import { signal } from "@preact/signals";

const small = matchMedia("(max-width: 52rem)"); // as in style.css

/** Whether the screen has room for one column only: what is done beside the map is then above or below it. */
export const narrow = signal(small.matches);
small.addEventListener("change", () => (narrow.value = small.matches));

/** Scroll a small screen to something that an action elsewhere is about. A large one shows all at once. */
export function bring(element: Element | null): void {
  if (narrow.peek()) {
    const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
    element?.scrollIntoView({ block: "start", behavior: still ? "instant" : "smooth" });
  }
}

/** Scroll a small screen to the map. */
export function bringMap(): void {
  bring(document.querySelector(".mapbox"));
}
