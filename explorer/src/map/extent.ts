import type { Geometry } from "geojson";
import { density, inView, type Item } from "../stac";
import { cellPolygon } from "../state/cells";
import type { Bounds, Query } from "../state/query";
import { boundsOf, searchedBox } from "../state/shapes";
import { resolutionAt } from "./found";

/** Up to so many images are looked at one by one. */
const FEW = 50;
/** Degrees below which cells of the whole earth are too coarse to say where images lie. */
const NARROW = 90;
/** Zooms of cells for the whole earth, and for a part of it: as fine as the API counts. */
const [WIDE_ZOOM, NARROW_ZOOM] = [2, 8];

function footprintsOf(items: readonly Item[]): Geometry[] {
  return items.flatMap(({ geometry }) => (geometry === null ? [] : [geometry]));
}

/** Return the box of all images of a query, of which some are known: of those where they are all, else of the cells that have some. */
export async function extentOf(query: Query, known: readonly Item[], total: number): Promise<Bounds | null> {
  if (known.length >= total) {
    return boundsOf(footprintsOf(known));
  }
  const wide = await extentOfCells(query, null, WIDE_ZOOM);
  if (wide === null || wide[2] - wide[0] > NARROW || wide[3] - wide[1] > NARROW) {
    return wide;
  }
  return (await extentOfCells(query, searchedBox(wide), NARROW_ZOOM)) ?? wide;
}

/** Return the box of the images that a cell counts, of the cell itself where they are many. */
export async function extentOfCell(query: Query, cell: string, count: number): Promise<Bounds | null> {
  const whole = boundsOf([cellPolygon(cell)]);
  if (whole === null || count > FEW) {
    return whole;
  }
  const { features } = await inView(query, searchedBox(whole), FEW, new AbortController().signal);
  return boundsOf(footprintsOf(features)) ?? whole;
}

async function extentOfCells(query: Query, bounds: Bounds | null, zoom: number): Promise<Bounds | null> {
  const cells = await density(query, bounds, resolutionAt(zoom, bounds), new AbortController().signal);
  return boundsOf(cells.map(({ key }) => cellPolygon(key)));
}
