import { lazy, Suspense } from "preact/compat";
import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { words } from "../api";
import { compared, items, keyOf, matched, query, shown, summary, tell, view } from "../store";
import { boundsOf } from "../state/shapes";
import { lookAhead, turnedZoom } from "../map/earth";
import { extentOf } from "../map/extent";
import { stopDrawing } from "../map/drawing";
import { currentMap, drawing, hasNoMap, isFlat, opened, pictureTrouble } from "../map/state";
import { labels } from "../session/session";

const Swipe = lazy(() => import("../compare/Swipe"));

export function MapPane() {
  const place = useRef<HTMLDivElement>(null);
  const [trouble, setTrouble] = useState("");
  useLayoutEffect(() => {
    const pane = place.current;
    if (pane === null) {
      return;
    }
    let isHere = true;
    const at = lookAhead(pane);
    import("../map/view")
      .then(({ createMap }) => {
        if (isHere) {
          currentMap.value = createMap(pane, at);
        }
      })
      .catch((error: unknown) => setTrouble(words(error)));
    return () => {
      isHere = false;
      currentMap.peek()?.remove();
      currentMap.value = null;
    };
  }, []);
  const toResults = () => {
    const { area } = query.value;
    const wanted = area === null ? extentOf(query.value, items.value, matched.value ?? 0) : Promise.resolve(boundsOf([area]));
    currentMap.peek()?.fitLater(wanted).catch(tell);
  };
  const turn = () => {
    const map = currentMap.peek()?.map;
    if (map !== undefined) {
      const { lng, lat } = map.getCenter();
      view.value = { lng, lat, zoom: turnedZoom(map.getContainer(), map.getZoom(), isFlat.peek()), flat: !isFlat.peek() };
    }
  };
  return (
    <div class="mapbox">
      <div class="map" ref={place} />
      {compared.value !== null && opened.value !== null && !hasNoMap.value && (
        <Suspense fallback={null}>
          <Swipe key={keyOf(compared.value)} which={compared.value} />
        </Suspense>
      )}
      {trouble !== "" && <p class="nomap trouble">The map could not be loaded: {trouble}. Load the page again.</p>}
      {hasNoMap.value && (
        <p class="nomap">
          This browser cannot draw the map (WebGL is missing or off). Search, list and histogram work without it.
        </p>
      )}
      <div class="maptools">
        <button type="button" onClick={toResults} disabled={(summary.value?.total ?? 0) === 0}>
          Look at the results
        </button>
        <button type="button" aria-pressed={isFlat.value} onClick={turn}>
          Flat map
        </button>
        {drawing.value && (
          <button type="button" onClick={stopDrawing}>
            Stop drawing
          </button>
        )}
      </div>
      {labels.value !== null && <p class="attribution">{labels.value.attribution}</p>}
      <p class="shown" aria-live="polite">
        {`${shown.value} ${pictureTrouble.value}`.trim()}
      </p>
    </div>
  );
}
