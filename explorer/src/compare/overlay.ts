import { effect } from "@preact/signals";
import { Map as MapLibre } from "maplibre-gl";
import { Pictures } from "../map/pictures";
import { isFlat } from "../map/state";
import { DAY, fill, NIGHT, styleOf } from "../map/style";
import { authorized } from "../map/view";
import { labels } from "../session/session";
import { OWN_LOOK } from "../state/address";
import { footprintFeatures } from "../state/shapes";
import type { Item } from "../stac";
import { chosen, look, tell } from "../store";
import { dark } from "../theme";

/**
 * Draw an image on a second map above the first, which it follows: moving stays the first one's.
 *
 * Images of the same collection are drawn alike. Returns what takes it away again.
 */
export function drawOver(container: HTMLElement, main: MapLibre, item: Item): () => void {
  const map = new MapLibre({
    container,
    style: styleOf(dark.peek() ? NIGHT : DAY, isFlat.peek(), labels.peek()),
    center: main.getCenter(),
    zoom: main.getZoom(),
    maxZoom: 19,
    interactive: false,
    attributionControl: false,
    locale: { "Map.Title": `Map of ${item.id}` },
    fadeDuration: 100,
    transformRequest: authorized,
  });
  const follow = () => map.jumpTo({ center: main.getCenter(), zoom: main.getZoom() });
  const pictures = new Pictures(map);
  let end: () => void = () => undefined;
  main.on("move", follow);
  map.on("error", () => undefined); // a tile that does not come is seen
  map.on("idle", () => (container.dataset["drawn"] = item.id));
  void map.once("style.load", () => {
    if (item.geometry !== null) {
      fill(map, "strong", footprintFeatures(item.geometry, {}));
    }
    end = effect(() => {
      const own = chosen.value?.collection === item.collection ? look.value : OWN_LOOK;
      pictures.show([item], () => own, () => own === look.peek() || own === OWN_LOOK).catch(tell);
    });
  });
  return () => {
    end();
    main.off("move", follow);
    map.remove();
  };
}
