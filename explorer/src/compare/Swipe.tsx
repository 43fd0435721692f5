import { useEffect, useRef, useState } from "preact/hooks";
import { isAbort, words } from "../api";
import { currentMap, isFlat } from "../map/state";
import type { Chosen } from "../state/address";
import { item as fetchItem, type Item } from "../stac";
import { changes } from "../store";
import { dark } from "../theme";
import { drawOver } from "./overlay";

/** The image that is compared, over the right part of the map: a slider says how far. */
export default function Swipe({ which }: { which: Chosen }) {
  const place = useRef<HTMLDivElement>(null);
  const [item, setItem] = useState<Item | null>(null);
  const [share, setShare] = useState(50);
  const [trouble, setTrouble] = useState("");
  useEffect(() => {
    const giveUp = new AbortController();
    fetchItem(which.collection, which.id, giveUp.signal)
      .then(setItem)
      .catch((error: unknown) => !isAbort(error) && setTrouble(words(error)));
    return () => giveUp.abort();
  }, [which.collection, which.id, changes.value]);
  const style = `${dark.value} ${isFlat.value}`;
  const main = currentMap.value?.map ?? null;
  useEffect(
    () => (place.current === null || main === null || item === null ? undefined : drawOver(place.current, main, item)),
    [main, item, style],
  );
  return (
    <div class="swipe">
      <div class="over" style={{ clipPath: `inset(0 0 0 ${share}%)` }}>
        <div class="map second" ref={place} />
      </div>
      <div class="edge" style={{ left: `${share}%` }} />
      {trouble !== "" && (
        <p class="trouble" role="alert">
          {which.id} cannot be shown: {trouble}
        </p>
      )}
      <label>
        Right of the line: {which.id}
        <input type="range" min={0} max={100} value={share} onInput={(event) => setShare(event.currentTarget.valueAsNumber)} />
      </label>
    </div>
  );
}
