import type { Feature, FeatureCollection } from "geojson";
import type { GeoJSONSource, LayerSpecification, Map as MapLibre, StyleSpecification } from "maplibre-gl";
import { coarse, fine } from "virtual:land";
import type { Labels } from "../session/session";

interface Colours {
  readonly space: string;
  readonly sea: string;
  readonly land: string;
  readonly shore: string;
  readonly print: string;
  readonly strong: string;
  readonly area: string;
  readonly density: readonly [string, string, string, string];
}

export const DAY: Colours = {
  space: "#e9eff3",
  sea: "#d6e6ee",
  land: "#f6f3ea",
  shore: "#8b9a8f",
  print: "#0b5c7a",
  strong: "#b3261e",
  area: "#7a3e00",
  density: ["#a9d3c4", "#4fa59a", "#1f6f86", "#1c3d6e"],
};

export const NIGHT: Colours = {
  space: "#080d12",
  sea: "#101b25",
  land: "#22303a",
  shore: "#5d7482",
  print: "#7cc8e6",
  strong: "#ffb4a8",
  area: "#ffc46b",
  density: ["#1e5a66", "#2f8f8f", "#79c99e", "#f4f0a6"],
};

const EMPTY = { type: "FeatureCollection", features: [] } as const;
const isLine = ["==", ["get", "part"], "line"] as const;
const isFill = ["==", ["get", "part"], "fill"] as const;

/** The layer before which the images' own tiles are put. */
export const FIRST_OVERLAY = "area-fill";

/** The sources that the explorer fills. */
const FILLED = ["density", "prints", "area", "strong"] as const;
export type Filled = (typeof FILLED)[number];

/**
 * Give a source its features; where the style is not loaded nothing happens.
 *
 * The layers of a source without any are hidden. A layer that is seen costs a mask of every tile
 * in every frame, drawn on the globe as thousands of triangles, though nothing is in it.
 */
export function fill(map: MapLibre, name: Filled, features: readonly Feature[]): void {
  const source = map.getSource<GeoJSONSource>(name);
  if (source !== undefined) {
    void source.setData({ type: "FeatureCollection", features: [...features] });
    const visibility = features.length > 0 ? "visible" : "none";
    layersOf(name).forEach((id) => map.setLayoutProperty(id, "visibility", visibility));
  }
}

function layersOf(name: Filled): string[] {
  return layers(DAY).flatMap((each) => ("source" in each && each.source === name ? [each.id] : []));
}

/** From this zoom on the coarse land is seen to be coarse. */
export const FINE_FROM = 2.5;

/** The land as the map draws it: data where it looks at the whole earth, nearer the address of a file. */
export function landOf(isFine: boolean): FeatureCollection | string {
  return isFine ? new URL(fine, document.baseURI).href : coarse;
}

/** Return the whole style: land, the empty sources that the explorer fills, and above them labels if there are any. */
export function styleOf(colours: Colours, flat: boolean, labels: Labels | null, isFine = true): StyleSpecification {
  const empty = Object.fromEntries(FILLED.map((name) => [name, { type: "geojson", data: EMPTY } as const]));
  return {
    version: 8,
    projection: { type: flat ? "mercator" : "globe" },
    sky: { "atmosphere-blend": 0 },
    sources: {
      land: { type: "geojson", data: landOf(isFine) },
      ...empty,
      ...(labels === null ? {} : { labels: { type: "raster", tiles: [labels.tiles], tileSize: 256 } as const }),
    },
    layers: [...layers(colours).map(hiddenIfFilled), ...(labels === null ? [] : [{ id: "labels", type: "raster", source: "labels" } as const])],
  };
}

/** Return a layer as the style begins with it: those of sources without features are hidden. */
function hiddenIfFilled(layer: LayerSpecification): LayerSpecification {
  const isFilled = "source" in layer && FILLED.includes(layer.source as Filled);
  return isFilled ? { ...layer, layout: { visibility: "none" } } : layer;
}

function layers(colours: Colours): LayerSpecification[] {
  const [least, some, many, most] = colours.density;
  const share = ["get", "share"] as ["get", string];
  return [
    { id: "sea", type: "background", paint: { "background-color": colours.sea } },
    { id: "land", type: "fill", source: "land", filter: ["==", ["get", "kind"], "land"], paint: { "fill-antialias": false, "fill-color": colours.land } },
    { id: "shore", type: "line", source: "land", filter: ["==", ["get", "kind"], "shore"], paint: { "line-color": colours.shore, "line-width": 0.8 } },
    {
      id: "density",
      type: "fill",
      source: "density",
      paint: {
        "fill-antialias": false, // as of the land, the edge is a layer of its own
        "fill-color": ["interpolate", ["linear"], share, 0, least, 0.34, some, 0.67, many, 1, most],
        "fill-opacity": 0.8,
      },
    },
    { id: "density-edge", type: "line", source: "density", paint: { "line-color": colours.print, "line-width": 1 } },
    { id: "area-fill", type: "fill", source: "area", filter: [...isFill], paint: { "fill-antialias": false, "fill-color": colours.area, "fill-opacity": 0.08 } },
    { id: "area-line", type: "line", source: "area", filter: [...isLine], paint: { "line-color": colours.area, "line-width": 2, "line-dasharray": [2, 1.5] } },
    { id: "prints-fill", type: "fill", source: "prints", filter: [...isFill], paint: { "fill-antialias": false, "fill-color": colours.print, "fill-opacity": ["interpolate", ["linear"], ["zoom"], 6, 0.06, 7, 0] } },
    { id: "prints-line", type: "line", source: "prints", filter: [...isLine], paint: { "line-color": colours.print, "line-width": 1.2 } },
    { id: "strong-line", type: "line", source: "strong", filter: [...isLine], paint: { "line-color": colours.strong, "line-width": 3 } },
  ] as LayerSpecification[];
}
