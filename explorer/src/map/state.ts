import { computed, signal } from "@preact/signals";
import type { Item } from "../stac";
import { view } from "../store";
import type { MapView } from "./view";

/** The map of the page: null until its library is loaded, and where the browser cannot make one. */
export const currentMap = signal<MapView | null>(null);
/** Whether the browser draws the map without a graphics card. */
export const isSlow = signal(false);
/** Whether the map is a plane; where nobody chose, a slow one is: a globe takes a hundred times as many triangles. */
export const isFlat = computed(() => view.value?.flat ?? isSlow.value);
/** Where on the map somebody clicked: the pixel there is read of the image that is chosen. */
export const pointed = signal<{ readonly lng: number; readonly lat: number } | null>(null);
/** The image whose details are open, with its footprint. */
export const opened = signal<Item | null>(null);
/** Whether somebody is drawing an area, so that a click is a corner. */
export const drawing = signal(false);
/** Why the images themselves are not drawn, in words. */
export const pictureTrouble = signal("");
/** Whether the browser could not draw the map at all. */
export const hasNoMap = signal(false);
