import type { Feature } from "geojson";
import type { Bucket, Item } from "../stac";
import { cellPolygon } from "../state/cells";
import { footprintFeatures } from "../state/shapes";

/** Return the cells with their counts, and how these compare with the highest one. */
export function cellFeatures(buckets: readonly Bucket[]): Feature[] {
  const most = Math.max(1, ...buckets.map((each) => each.frequency));
  return buckets.map(({ key, frequency }) => ({
    type: "Feature",
    properties: { cell: key, count: frequency, share: Math.log1p(frequency) / Math.log1p(most) },
    geometry: cellPolygon(key),
  }));
}

/** Return what is drawn of images. */
export function printFeatures(items: readonly Item[]): Feature[] {
  return items.flatMap(({ geometry, collection, id }) =>
    geometry === null ? [] : footprintFeatures(geometry, { collection, id }),
  );
}
