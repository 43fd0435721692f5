import { cellToBoundary } from "h3-js";
import type { Polygon, Position } from "geojson";

/** Return an H3 cell as a polygon on a plane: one across 180 degrees runs on past it. */
export function cellPolygon(cell: string): Polygon {
  const ring = cellToBoundary(cell, true) as Position[];
  return { type: "Polygon", coordinates: [isPolar(ring) ? polarCap(ring) : unrolled(ring)] };
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
