import { effect } from "@preact/signals";
import { type GeoJSONSource, Map as MapLibre, NavigationControl, prewarm, type RequestParameters, ScaleControl, setWorkerUrl } from "maplibre-gl";
import worker from "maplibre-gl/dist/maplibre-gl-worker.mjs?url";
import type { Feature, Geometry } from "geojson";
import { authorization, ROOT, words } from "../api";
import { dark } from "../theme";
import { labels, type Labels } from "../session/session";
import { choose, chosen, hovered, items, keyOf, look, query, view } from "../store";
import type { Bucket, Item } from "../stac";
import { type Bounds } from "../state/query";
import { OWN_LOOK } from "../state/address";
import { cellPolygon, towards } from "../state/cells";
import { boundsOf, footprintFeatures, searchedBox } from "../state/shapes";
import { type Centre, zoomOfEarth } from "./earth";
import { extentOfCell } from "./extent";
import { ALL_BELOW, found, where, type Where } from "./found";
import { cellFeatures, printFeatures } from "./overlays";
import { Pictures, PICTURES_FROM } from "./pictures";
import { drawing, hasNoMap, isFlat, opened, pictureTrouble, pointed } from "./state";
import { DAY, fill, type Filled, FINE_FROM, landOf, NIGHT, styleOf } from "./style";

setWorkerUrl(new URL(worker, document.baseURI).href);
prewarm(); // its scripts load while the map is made

/** Pixels of a footprint's longer side from which on its image tells something. */
const LEAST = 80;

/** Put the map into an element, looking at a place, and let it follow the query. Returns what takes it away again. */
export function createMap(container: HTMLElement, at: Centre): MapView | null {
  try {
    return new MapView(container, at);
  } catch {
    hasNoMap.value = true;
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
  /** Counts how often pictures were to be shown: an earlier turn's are not. */
  private turn = 0;
  /** Counts where somebody has gone: what is found for an earlier step leads nowhere. */
  private steps = 0;
  private moving = false;
  /** False while another style takes the place of one: nothing can be added then. */
  private isStyled = true;
  private isFine: boolean;
  private hasTurned = false;
  private style: string;
  private under: { readonly x: number; readonly y: number } | null = null;

  constructor(
    container: HTMLElement,
    private readonly start: Centre,
  ) {
    this.isFine = start.zoom >= FINE_FROM;
    this.map = new MapLibre({
      container,
      center: [start.lng, start.lat],
      zoom: start.zoom,
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
    this.style = styleName(dark.peek(), isFlat.peek(), labels.peek());
    this.map.setStyle(styleOf(dark.peek() ? NIGHT : DAY, isFlat.peek(), labels.peek(), this.isFine));
  }

  remove(): void {
    this.ends.forEach((end) => end());
    this.map.remove();
  }

  /** Look at a box when it is known, unless somebody has gone elsewhere by then. */
  async fitLater(bounds: Promise<Bounds | null>): Promise<void> {
    const mine = (this.steps += 1);
    const found = await bounds;
    if (mine === this.steps) {
      this.fit(found);
    }
  }

  /** Look at a box so that it fills the map. */
  fit(bounds: Bounds | null, maxZoom = 12): void {
    this.steps += 1;
    if (bounds !== null) {
      const [west, south, east, north] = bounds;
      this.map.fitBounds([west, south, east, north], { padding: 60, maxZoom, animate: !reducedMotion() });
    }
  }

  /** Look at an image that a link opens which says nothing of a place. */
  private lookAtOpened(): void {
    const geometry = opened.value?.geometry ?? null;
    if (geometry !== null && view.peek() === null) {
      this.see(boundsOf([geometry]));
    }
  }

  /** Look at a box, unless it is seen already, and large enough to tell something. */
  see(bounds: Bounds | null): void {
    this.steps += 1;
    if (bounds !== null && !this.isSeen(bounds)) {
      this.fit(bounds, 16);
    }
  }

  private isSeen([west, south, east, north]: Bounds): boolean {
    const { clientWidth, clientHeight } = this.map.getContainer();
    const [a, b] = [this.map.project([west, south]), this.map.project([east, north])];
    const [x, y] = [(a.x + b.x) / 2, (a.y + b.y) / 2];
    const isLarge = Math.max(Math.abs(b.x - a.x), Math.abs(b.y - a.y)) >= LEAST;
    return isLarge && x > 0 && y > 0 && x < clientWidth && y < clientHeight;
  }

  private begin(): void {
    const { map } = this;
    where.value = this.whereabouts();
    map.on("movestart", (event) => (this.steps += event.originalEvent === undefined ? 0 : 1));
    map.on("moveend", () => this.remember());
    map.on("zoom", () => this.refine());
    map.on("idle", () => (this.map.getContainer().dataset["drawn"] = found.peek().words));
    map.on("click", (event) => this.click(event.point, event.lngLat.wrap()));
    map.on("mousemove", (event) => this.hoverSoon(event.point));
    this.ends.push(
      effect(() => this.draw()),
      effect(() => this.set("area", query.value.area === null ? [] : footprintFeatures(query.value.area, {}))),
      effect(() => this.set("strong", this.strong())),
      effect(() => this.showPictures()),
      effect(() => this.followView()),
      effect(() => this.lookAtOpened()),
    );
  }

  // ---- where it looks

  private remember(): void {
    const { lng, lat } = this.map.getCenter().wrap();
    const zoom = this.map.getZoom();
    this.moving = true;
    if (view.peek() !== null || !this.isAtStart(lng, lat, zoom)) {
      view.value = { lng, lat, zoom, flat: isFlat.peek() };
    }
    where.value = this.whereabouts();
    this.moving = false;
  }

  /** Whether the map looks where it began: a window that changes its size is no choice of a place. */
  private isAtStart(lng: number, lat: number, zoom: number): boolean {
    return !differs(this.start, { lng, lat }, zoom);
  }

  private whereabouts(): Where {
    return { bounds: this.bounds(), zoom: this.map.getZoom() };
  }

  private followView(): void {
    const at = view.value;
    const style = styleName(dark.value, isFlat.value, labels.value);
    if (this.style !== style) {
      this.restyle(style, dark.value, isFlat.value);
    }
    const here = this.map.getCenter();
    if (at !== null && !this.moving && differs(at, here, this.map.getZoom())) {
      this.map.jumpTo({ center: [at.lng, at.lat], zoom: at.zoom });
    }
  }

  private restyle(style: string, isDark: boolean, flat: boolean): void {
    this.style = style;
    this.isStyled = false;
    this.map.setStyle(styleOf(isDark ? NIGHT : DAY, flat, labels.peek(), this.isFine), { diff: false });
    void this.map.once("style.load", () => {
      this.isStyled = true;
      where.value = this.whereabouts();
      this.refine();
      this.draw();
      this.showPictures();
      this.set("area", query.peek().area === null ? [] : footprintFeatures(query.peek().area as Geometry, {}));
      this.set("strong", this.strong());
    });
  }

  /** Draw the fine land from when the map first comes near enough to tell. */
  private refine(): void {
    const land = this.map.getSource<GeoJSONSource>("land"); // there is none while a style loads
    if (!this.isFine && land !== undefined && this.map.getZoom() >= FINE_FROM) {
      this.isFine = true;
      void land.setData(landOf(true));
    }
  }

  private bounds(): Bounds | null {
    const { map } = this;
    if (map.getZoom() < ALL_BELOW) {
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
    const [west, east] = [Math.floor(box.getWest() / grid) * grid, Math.ceil(box.getEast() / grid) * grid];
    return searchedBox([west, south, east, north]);
  }

  // ---- what it shows

  private draw(): void {
    const { buckets, items: images } = found.value;
    delete this.map.getContainer().dataset["drawn"]; // until it is on the screen
    this.set("density", cellFeatures(buckets));
    this.set("prints", printFeatures(images));
    this.turnOnce(buckets);
  }

  /** Turn the globe of somebody who has not looked anywhere yet to where the images are. */
  private turnOnce(buckets: readonly Bucket[]): void {
    if (buckets.length === 0 || this.hasTurned) {
      return;
    }
    this.hasTurned = true;
    const isElsewhere = isFlat.peek() || view.peek() !== null || chosen.peek() !== null;
    const to = isElsewhere ? null : towards(buckets, this.map.getCenter());
    if (to !== null) {
      const { clientWidth, clientHeight } = this.map.getContainer();
      this.map.easeTo({ center: [to.lng, to.lat], zoom: zoomOfEarth(clientWidth, clientHeight, false, to.lat), animate: !reducedMotion() });
    }
  }

  private set(name: Filled, features: readonly Feature[]): void {
    fill(this.map, name, features);
  }

  private strong(): Feature[] {
    const keys = [hovered.value, chosen.value === null ? null : keyOf(chosen.value)];
    const open = opened.value;
    const all = [...(open === null ? [] : [open]), ...items.value, ...found.value.items];
    return keys.flatMap((key) => {
      const item = key === null ? undefined : all.find((each) => keyOf(each) === key);
      return item?.geometry ? footprintFeatures(item.geometry, {}) : [];
    });
  }

  private showPictures(): void {
    const open = opened.value;
    const own = look.value;
    const near = (view.value?.zoom ?? this.map.getZoom()) >= PICTURES_FROM ? found.value.items : [];
    const isOpen = (item: Item) => open !== null && keyOf(open) === keyOf(item);
    const turn = (this.turn += 1);
    const isCurrent = () => turn === this.turn && this.isStyled;
    const tell = (text: string) => isCurrent() && (pictureTrouble.value = text);
    this.pictures
      .show(open === null ? near : [open], (item) => (isOpen(item) ? own : OWN_LOOK), isCurrent)
      .then((left) => tell(left > 0 ? `Pictures of ${left} more places are drawn when you look nearer.` : ""), (error: unknown) => tell(`Pictures cannot be drawn: ${words(error)}`));
  }

  // ---- what is done on it

  private at(point: { x: number; y: number }): Record<string, unknown> | undefined {
    const box: [[number, number], [number, number]] = [
      [point.x - 2, point.y - 2],
      [point.x + 2, point.y + 2],
    ];
    const [first] = this.map.queryRenderedFeatures(box, { layers: ["prints-line", "prints-fill", "density"] });
    return first?.properties;
  }

  /** Look at what is under the pointer once a frame, and not while the map moves. */
  private hoverSoon(point: { readonly x: number; readonly y: number }): void {
    if (this.under === null && !this.map.isMoving()) {
      requestAnimationFrame(() => this.hover());
    }
    this.under = this.map.isMoving() ? null : point;
  }

  private hover(): void {
    if (this.under === null || this.map.isMoving()) {
      this.under = null;
      return;
    }
    const there = this.at(this.under);
    this.under = null;
    const { id, collection } = there ?? {};
    hovered.value = typeof id === "string" && typeof collection === "string" ? `${collection}/${id}` : null;
    this.map.getCanvas().style.cursor = there === undefined ? "" : "pointer";
  }

  private click(point: { x: number; y: number }, place: { lng: number; lat: number }): void {
    if (drawing.peek()) {
      return;
    }
    if (opened.peek() !== null) {
      pointed.value = place;
      return;
    }
    const there = this.at(point);
    if (typeof there?.["id"] === "string") {
      choose({ collection: String(there["collection"]), id: there["id"] });
    } else if (typeof there?.["cell"] === "string") {
      const [cell, count] = [there["cell"], Number(there["count"])];
      void this.fitLater(extentOfCell(query.peek(), cell, count).catch(() => boundsOf([cellPolygon(cell)])));
    }
  }
}

/** Whether a place is another one than that of the map; of the zoom an address has two digits. */
function differs(at: Centre, here: { readonly lng: number; readonly lat: number }, zoom: number): boolean {
  return Math.abs(here.lng - at.lng) + Math.abs(here.lat - at.lat) > 1e-6 || Math.abs(zoom - at.zoom) > 0.006;
}

function styleName(isDark: boolean, flat: boolean, named: Labels | null): string {
  return [isDark, flat, named?.tiles].join();
}

function reducedMotion(): boolean {
  return matchMedia("(prefers-reduced-motion: reduce)").matches;
}
