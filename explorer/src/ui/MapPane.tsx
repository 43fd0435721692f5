import { useEffect, useRef } from "preact/hooks";
import { compared, items, keyOf, query, shown, summary, view } from "../store";
import { boundsOf } from "../state/shapes";
import { Swipe } from "../compare/Swipe";
import { createMap, hasNoMap, type MapView, opened } from "../map/view";
import { setMap } from "../map/current";
import { labels } from "../session/session";

export function MapPane() {
  const place = useRef<HTMLDivElement>(null);
  const made = useRef<MapView | null>(null);
  useEffect(() => {
    made.current = place.current === null ? null : createMap(place.current);
    setMap(made.current);
    return () => {
      setMap(null);
      made.current?.remove();
    };
  }, []);
  const toResults = () => {
    const area = query.value.area;
    const found = items.value.flatMap((each) => (each.geometry === null ? [] : [each.geometry]));
    made.current?.fit(boundsOf(area === null ? found : [area]));
  };
  const flat = view.value?.flat ?? false;
  const turn = () => {
    const center = made.current?.map.getCenter();
    const zoom = made.current?.map.getZoom();
    if (center !== undefined && zoom !== undefined) {
      view.value = { lng: center.lng, lat: center.lat, zoom, flat: !flat };
    }
  };
  return (
    <div class="mapbox">
      <div class="map" ref={place} />
      {compared.value !== null && opened.value !== null && !hasNoMap.value && (
        <Swipe key={keyOf(compared.value)} which={compared.value} />
      )}
      {hasNoMap.value && (
        <p class="nomap">
          This browser cannot draw the map (WebGL is missing or off). Search, list and histogram work without it.
        </p>
      )}
      <div class="maptools">
        <button type="button" onClick={toResults} disabled={(summary.value?.total ?? 0) === 0}>
          Look at the results
        </button>
        <button type="button" aria-pressed={flat} onClick={turn}>
          Flat map
        </button>
      </div>
      {labels.value !== null && <p class="attribution">{labels.value.attribution}</p>}
      <p class="shown" aria-live="polite">
        {shown.value}
      </p>
    </div>
  );
}
