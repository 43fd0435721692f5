import type { MapView } from "./view";

let map: MapView | null = null;

export function setMap(made: MapView | null): void {
  map = made;
}

/** The map of the page, if the browser could make one. */
export function currentMap(): MapView | null {
  return map;
}
