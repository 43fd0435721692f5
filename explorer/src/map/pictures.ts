import type { Map as MapLibre } from "maplibre-gl";
import { ROOT } from "../api";
import { imagePath, lookQuery, withVersion } from "../looks";
import { isPictured, type Item } from "../stac";
import type { Look } from "../state/address";
import { FIRST_OVERLAY } from "./style";

/** From this zoom on the images themselves are drawn. */
export const PICTURES_FROM = 7;
const MOST_PICTURES = 24;
const PREFIX = "picture:";

/** Keep the map's pictures as these: of each footprint the newest, a few in all. */
export class Pictures {
  constructor(private readonly map: MapLibre) {}

  /** Show images, each as its look is; return how many places have one that is not drawn. */
  async show(items: readonly Item[], look: (item: Item) => Look, isCurrent: () => boolean): Promise<number> {
    const places = topmost(items.filter(isPictured));
    const wanted = new Map<string, { item: Item; address: string }>();
    for (const item of places.slice(0, MOST_PICTURES)) {
      const query = withVersion(await lookQuery(item.collection, look(item)), item.properties["updated"]);
      if (query === "") {
        continue;
      }
      const address = `${ROOT}${imagePath(item.collection, item.id)}/tiles/{z}/{x}/{y}.webp?${query}`;
      wanted.set(`${PREFIX}${address}`, { item, address });
    }
    if (isCurrent()) {
      this.remove((name) => !wanted.has(name));
      [...wanted].reverse().forEach(([name, { item, address }]) => this.add(name, item, address));
    }
    return Math.max(places.length - MOST_PICTURES, 0);
  }

  remove(which: (name: string) => boolean = () => true): void {
    for (const layer of this.map.getStyle().layers) {
      if (layer.id.startsWith(PREFIX) && which(layer.id)) {
        this.map.removeLayer(layer.id);
        this.map.removeSource(layer.id);
      }
    }
  }

  private add(name: string, item: Item, address: string): void {
    if (this.map.getSource(name) !== undefined) {
      this.map.moveLayer(name, FIRST_OVERLAY);
      return;
    }
    const [west, south, east, north] = item.bbox ?? [];
    const isPlain = west !== undefined && south !== undefined && east !== undefined && north !== undefined && west < east;
    this.map.addSource(name, {
      type: "raster",
      tiles: [address],
      tileSize: 256,
      ...(isPlain ? { bounds: [west, south, east, north] as [number, number, number, number] } : {}),
    });
    this.map.addLayer({ id: name, type: "raster", source: name }, FIRST_OVERLAY);
  }
}

function topmost(items: readonly Item[]): Item[] {
  const places = new Map<string, Item>();
  for (const item of items) {
    const place = (item.bbox ?? []).map((each) => each.toFixed(2)).join();
    if (!places.has(place)) {
      places.set(place, item);
    }
  }
  return [...places.values()];
}
