import { cellToBoundary, cellToLatLng, degsToRads, greatCircleDistance, radsToDegs, UNITS } from "h3-js";
import type { Polygon, Position } from "geojson";

/** Return an H3 cell as a polygon on a plane: one across 180 degrees runs on past it. */
export function cellPolygon(cell: string): Polygon {
  const ring = cellToBoundary(cell, true) as Position[];
  return { type: "Polygon", coordinates: [isPolar(ring) ? polarCap(ring) : unrolled(ring)] };
}

/** What is farther from the middle of a globe than this is not seen, or at its edge, in degrees. */
const SEEN = 65;

interface Counted {
  readonly key: string;
  readonly frequency: number;
}

interface Place {
  readonly lng: number;
  readonly lat: number;
}

/** Return where to look on a globe to see most of what cells count; null where that is so from a place already. */
export function towards(cells: readonly Counted[], from: Place): Place | null {
  const all = cells.map(({ key, frequency }) => ({ at: cellToLatLng(key), frequency }));
  const seenFrom = (place: Place) =>
    all.reduce((sum, { at, frequency }) => sum + (radsToDegs(greatCircleDistance(at, [place.lat, place.lng], UNITS.rads)) < SEEN ? frequency : 0), 0);
  const to = middle(all);
  const half = all.reduce((sum, { frequency }) => sum + frequency, 0) / 2;
  return seenFrom(from) >= half || seenFrom(to) < half ? null : to;
}

/** The mean of places on the sphere, each as often as it is counted. */
function middle(all: readonly { readonly at: readonly [number, number]; readonly frequency: number }[]): Place {
  let [x, y, z] = [0, 0, 0];
  for (const { at, frequency } of all) {
    const [lat, lng] = [degsToRads(at[0]), degsToRads(at[1])];
    x += frequency * Math.cos(lat) * Math.cos(lng);
    y += frequency * Math.cos(lat) * Math.sin(lng);
    z += frequency * Math.sin(lat);
  }
  return { lng: radsToDegs(Math.atan2(y, x)), lat: radsToDegs(Math.atan2(z, Math.hypot(x, y))) };
}

/** Whether a closed ring goes all the way round a pole: its steps in longitude do not cancel. */
function isPolar(ring: readonly Position[]): boolean {
  let turned = 0;
  for (let at = 1; at < ring.length; at += 1) {
    turned += step(ring[at - 1], ring[at]);
  }
  return Math.abs(turned) > 180;
}

function step(from: Position | undefined, to: Position | undefined): number {
  const by = (to?.[0] ?? 0) - (from?.[0] ?? 0);
  return by > 180 ? by - 360 : by < -180 ? by + 360 : by;
}

function unrolled(ring: readonly Position[]): Position[] {
  let lng = ring[0]?.[0] ?? 0;
  return ring.map((point, at) => {
    lng += at === 0 ? 0 : step(ring[at - 1], point);
    return [lng, point[1] ?? 0];
  });
}

/** A cell that holds a pole, as a strip from 180 degrees west to east that ends at the pole. */
function polarCap(ring: readonly Position[]): Position[] {
  const corners = ring.slice(1).sort((a, b) => (a[0] ?? 0) - (b[0] ?? 0));
  const edge = corners[0]?.[1] ?? 0;
  const pole = edge > 0 ? 90 : -90;
  return [[-180, pole], [-180, edge], ...corners, [180, edge], [180, pole], [-180, pole]];
}
