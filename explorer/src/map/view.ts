import { effect, signal } from "@preact/signals";
import { type GeoJSONSource, Map as MapLibre, NavigationControl, type RequestParameters, ScaleControl, setWorkerUrl } from "maplibre-gl";
import worker from "maplibre-gl/dist/maplibre-gl-worker.mjs?url";
import type { Feature, Geometry } from "geojson";
import { authorization, isAbort, ROOT, token, words } from "../api";
import { dark } from "../theme";
import { labels, type Labels, mayAsk } from "../session/session";
import { changes, choose, chosen, hovered, items, keyOf, look, query, shown, view } from "../store";
import type { Item } from "../stac";
import { type Bounds } from "../state/query";
import { OWN_LOOK } from "../state/address";
import { boundsOf, footprintFeatures } from "../state/shapes";
import { overlay, type Overlay } from "./overlays";
import { Pictures, PICTURES_FROM } from "./pictures";
import { DAY, NIGHT, styleOf } from "./style";

setWorkerUrl(new URL(worker, document.baseURI).href);

const EARTH = { lng: 10, lat: 25, zoom: 1.2 };
const NOTHING: Overlay = { cells: [], prints: [], items: [], words: "" };

/** Where on the map somebody clicked: the pixel there is read of the image that is chosen. */
export const pointed = signal<{ readonly lng: number; readonly lat: number } | null>(null);
/** The image whose details are open, with its footprint. */
export const opened = signal<Item | null>(null);

const failed = signal(false);
/** Whether the browser could not draw the map at all. */
export const hasNoMap = failed;

/** Put the map into an element and let it follow the query. Returns what takes it away again. */
export function createMap(container: HTMLElement): MapView | null {
  try {
    return new MapView(container);
  } catch {
    failed.value = true;
    return null;
  }
}

/** Send the caller's token with what is asked of raster, and with nothing else. */
export function authorized(url: string): RequestParameters {
  return url.startsWith(`${ROOT}/raster/`) ? { url, headers: authorization() } : { url };
}

export class MapView {
  readonly map: MapLibre;
  private readonly pictures: Pictures;
  private readonly ends: (() => void)[] = [];
  private giveUp = new AbortController();
  private drawn: Overlay = NOTHING;
  private readonly looked = signal(0);
  private moving = false;

  constructor(container: HTMLElement) {
    const at = view.peek() ?? { ...EARTH, flat: false };
    this.map = new MapLibre({
      container,
      style: styleOf(dark.peek() ? NIGHT : DAY, at.flat, labels.peek()),
      center: [at.lng, at.lat],
      zoom: at.zoom,
      maxZoom: 19,
      attributionControl: false,
      dragRotate: false,
      pitchWithRotate: false,
      fadeDuration: 100,
      transformRequest: authorized,
    });
    this.map.touchZoomRotate.disableRotation();
    this.map.addControl(new NavigationControl({ showCompass: false }), "top-right");
    this.map.addControl(new ScaleControl({}), "bottom-left");
    this.pictures = new Pictures(this.map);
    void this.map.once("style.load", () => this.begin());
    this.map.on("error", () => undefined);
  }

  remove(): void {
    this.ends.forEach((end) => end());
    this.giveUp.abort();
    this.map.remove();
  }

  /** Look at a box so that it fills the map. */
  fit(bounds: Bounds | null, maxZoom = 12): void {
    if (bounds !== null) {
      const [west, south, east, north] = bounds;
      this.map.fitBounds([west, south, east, north], { padding: 60, maxZoom, animate: !reducedMotion() });
    }
  }

  private begin(): void {
    const { map } = this;
    map.on("moveend", () => this.remember());
    map.on("idle", () => (this.map.getContainer().dataset["drawn"] = this.drawn.words));
    map.on("click", (event) => this.click(event.point, event.lngLat.wrap()));
    map.on("mousemove", (event) => this.hover(event.point));
    this.ends.push(
      effect(() => this.follow()),
      effect(() => this.set("area", query.value.area === null ? [] : footprintFeatures(query.value.area, {}))),
      effect(() => this.set("strong", this.strong())),
      effect(() => this.showPictures(this.looked.value)),
      effect(() => this.followView()),
    );
  }

  // ---- where it looks

  private remember(): void {
    const { lng, lat } = this.map.getCenter().wrap();
    this.moving = true;
    view.value = { lng, lat, zoom: this.map.getZoom(), flat: view.peek()?.flat ?? false };
    this.moving = false;
  }

  private followView(): void {
    const at = view.value;
    const style = styleName(dark.value, at?.flat ?? false, labels.value);
    if (this.style !== style) {
      this.restyle(style, dark.value, at?.flat ?? false);
    }
    const here = this.map.getCenter();
    if (at !== null && !this.moving && Math.abs(here.lng - at.lng) + Math.abs(here.lat - at.lat) > 1e-6) {
      this.map.jumpTo({ center: [at.lng, at.lat], zoom: at.zoom });
    }
  }

  private style = styleName(dark.peek(), view.peek()?.flat ?? false, labels.peek());

  private restyle(style: string, isDark: boolean, flat: boolean): void {
    this.style = style;
    this.map.setStyle(styleOf(isDark ? NIGHT : DAY, flat, labels.peek()), { diff: false });
    void this.map.once("style.load", () => {
      this.draw(this.drawn);
      this.set("area", query.peek().area === null ? [] : footprintFeatures(query.peek().area as Geometry, {}));
      this.set("strong", this.strong());
    });
  }

  private bounds(): Bounds | null {
    const { map } = this;
    if (map.getZoom() < 2.5) {
      return null;
    }
    const box = map.getBounds();
    const wide = box.getEast() - box.getWest();
    if (wide >= 180) {
      return null;
    }
    const grid = 360 / 2 ** Math.floor(map.getZoom() + 1);
    const south = Math.max(Math.floor(box.getSouth() / grid) * grid, -90);
    const north = Math.min(Math.ceil(box.getNorth() / grid) * grid, 90);
    return [
      wrapped(Math.floor(box.getWest() / grid) * grid),
      south,
      wrapped(Math.ceil(box.getEast() / grid) * grid, 180),
      north,
    ];
  }

  // ---- what it shows

  private follow(): void {
    const asked = query.value;
    const at = view.value;
    const who = token.value;
    const turn = changes.value;
    if (!mayAsk.value) {
      this.draw(NOTHING);
      return;
    }
    this.giveUp.abort();
    const giveUp = new AbortController();
    this.giveUp = giveUp;
    const zoom = at?.zoom ?? this.map.getZoom();
    const key = JSON.stringify([{ ...asked, sort: "" }, this.bounds(), Math.floor(zoom * 2), who, turn]);
    if (key !== this.key) {
      setTimeout(() => void this.load(key, zoom, giveUp.signal), 120);
    } else {
      this.looked.value = this.looked.peek() + 1;
    }
  }

  private key = "";

  private async load(key: string, zoom: number, signal: AbortSignal): Promise<void> {
    if (signal.aborted) {
      return;
    }
    try {
      const found = await overlay(query.peek(), this.bounds(), zoom, signal);
      this.key = key;
      this.draw(found);
    } catch (error) {
      if (!isAbort(error)) {
        shown.value = `The map cannot show this: ${words(error)}`;
      }
    }
  }

  private draw(found: Overlay): void {
    this.drawn = found;
    delete this.map.getContainer().dataset["drawn"]; // until it is on the screen
    this.set("density", found.cells);
    this.set("prints", found.prints);
    shown.value = found.words;
    this.looked.value = this.looked.peek() + 1;
  }

  private set(name: string, features: readonly Feature[]): void {
    const source = this.map.getSource<GeoJSONSource>(name);
    void source?.setData({ type: "FeatureCollection", features: [...features] });
  }

  private strong(): Feature[] {
    const found = [hovered.value, chosen.value === null ? null : keyOf(chosen.value)];
    const open = opened.value;
    const all = [...(open === null ? [] : [open]), ...items.value, ...this.drawn.items];
    return found.flatMap((key) => {
      const item = key === null ? undefined : all.find((each) => keyOf(each) === key);
      return item?.geometry ? footprintFeatures(item.geometry, {}) : [];
    });
  }

  private showPictures(turn: number): void {
    const open = opened.value;
    const own = look.value;
    const near = this.map.getZoom() >= PICTURES_FROM ? this.drawn.items : [];
    const all = open === null ? near : [open];
    const isOpen = (item: Item) => open !== null && keyOf(open) === keyOf(item);
    const isCurrent = () => turn === this.looked.peek() && open === opened.peek() && own === look.peek();
    this.pictures
      .show(all, (item) => (isOpen(item) ? own : OWN_LOOK), isCurrent)
      .catch((error: unknown) => {
        shown.value = `${this.drawn.words} Their pictures cannot be drawn: ${words(error)}`;
      });
  }

  // ---- what is done on it

  private at(point: { x: number; y: number }): Record<string, unknown> | undefined {
    const box: [[number, number], [number, number]] = [
      [point.x - 2, point.y - 2],
      [point.x + 2, point.y + 2],
    ];
    const [found] = this.map.queryRenderedFeatures(box, { layers: ["prints-line", "prints-fill", "density"] });
    return found?.properties;
  }

  private hover(point: { x: number; y: number }): void {
    const found = this.at(point);
    const { id, collection } = found ?? {};
    hovered.value = typeof id === "string" && typeof collection === "string" ? `${collection}/${id}` : null;
    this.map.getCanvas().style.cursor = found === undefined ? "" : "pointer";
  }

  private click(point: { x: number; y: number }, place: { lng: number; lat: number }): void {
    if (drawing.peek()) {
      return;
    }
    if (opened.peek() !== null) {
      pointed.value = place;
      return;
    }
    const found = this.at(point);
    if (typeof found?.["id"] === "string") {
      choose({ collection: String(found["collection"]), id: found["id"] });
    } else if (typeof found?.["cell"] === "string") {
      const cell = this.drawn.cells.find((each) => each.properties?.["cell"] === found["cell"]);
      this.fit(cell === undefined ? null : boundsOf([cell.geometry]));
    }
  }
}

function styleName(isDark: boolean, flat: boolean, named: Labels | null): string {
  return [isDark, flat, named?.tiles].join();
}

/** Whether somebody is drawing an area, so that a click is a corner. */
export const drawing = signal(false);

function wrapped(lng: number, edge = -180): number {
  const found = ((((lng + 180) % 360) + 360) % 360) - 180;
  return found === -180 ? edge : found;
}

function reducedMotion(): boolean {
  return matchMedia("(prefers-reduced-motion: reduce)").matches;
}
