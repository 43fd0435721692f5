import { view } from "../store";
import { ALL_BELOW, where } from "./found";
import { isSoftware } from "./renderer";
import { isFlat, isSlow } from "./state";

/** Pixels of a pane that a globe at zoom 0, seen from above the equator, fills to nine tenths with MapLibre's field of view. */
const GLOBE = 135;
/** Pixels of the earth on a plane at zoom 0. */
const PLANE = 512;

/** Where the map looks before anybody moves it: how near depends on its pane. */
export const EARTH = { lng: 10, lat: 25 };

/** What the middle of the map is, and how near. */
export interface Centre {
  readonly lng: number;
  readonly lat: number;
  readonly zoom: number;
}

/** The zoom at which a pane of some pixels shows the earth: a globe as a whole, a plane without gaps. */
export function zoomOfEarth(width: number, height: number, flat: boolean, lat = EARTH.lat): number {
  const side = flat ? Math.max(width, height) / PLANE : (Math.min(width, height) * Math.cos((lat * Math.PI) / 180)) / GLOBE;
  const zoom = Math.log2(side);
  return Math.min(Math.max(zoom, 0), ALL_BELOW - 0.1);
}

/**
 * Say where the map will look, before there is one: its library loads meanwhile.
 *
 * What the whole earth has is asked for now; a nearer look when the map tells its bounds. The first
 * context for WebGL is made for that, too, which takes as long whoever makes it.
 */
export function lookAhead(pane: HTMLElement): Centre {
  isSlow.value = isSoftware(document.createElement("canvas"));
  const at = view.peek() ?? { ...EARTH, zoom: zoomOfEarth(pane.clientWidth, pane.clientHeight, isFlat.peek()) };
  if (at.zoom < ALL_BELOW) {
    where.value = { bounds: null, zoom: at.zoom };
  }
  return at;
}

/** The zoom of a globe that becomes a plane, or back: what shows the whole earth goes on to do so. */
export function turnedZoom(pane: HTMLElement, zoom: number, flat: boolean): number {
  const { clientWidth, clientHeight } = pane;
  const isWhole = zoom <= zoomOfEarth(clientWidth, clientHeight, flat) + 0.1;
  return isWhole ? zoomOfEarth(clientWidth, clientHeight, !flat) : zoom;
}
