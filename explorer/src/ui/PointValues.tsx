import { useEffect, useRef, useState } from "preact/hooks";
import { ask, isAbort, words } from "../api";
import { imagePath } from "../looks";
import { pointed } from "../map/state";
import type { Item } from "../stac";
import { compared } from "../store";
import { bring, bringMap, narrow } from "./screen";

interface Answer {
  readonly values: Readonly<Record<string, number | null>>;
}

/** What the image has in the pixel that somebody clicked on the map. */
export function PointValues({ item }: { item: Item }) {
  const place = pointed.value;
  const section = useRef<HTMLElement>(null);
  const [values, setValues] = useState<Answer["values"] | null>(null);
  const [trouble, setTrouble] = useState("");
  useEffect(() => {
    const giveUp = new AbortController();
    setValues(null);
    setTrouble("");
    if (place !== null) {
      const path = `${imagePath(item.collection, item.id)}/point?lon=${place.lng}&lat=${place.lat}`;
      ask<Answer>(path, { signal: giveUp.signal })
        .then((answer) => setValues(answer.values))
        .catch((error: unknown) => !isAbort(error) && setTrouble(words(error)));
    }
    return () => giveUp.abort();
  }, [place, item]);
  useEffect(() => {
    if (place !== null && (values !== null || trouble !== "")) {
      bring(section.current); // it may lie far below the map
    }
  }, [values, trouble]);
  return (
    <section ref={section} class="group" aria-label="Pixel values" aria-live="polite">
      <h3>Pixel values</h3>
      {place === null && <p class="quiet">Click the image on the map to read a pixel.</p>}
      {narrow.value && (
        <button type="button" onClick={bringMap}>
          To the map
        </button>
      )}
      {place !== null && (
        <p class="quiet">
          Of {item.id}, at {place.lng.toFixed(5)}, {place.lat.toFixed(5)}
          {compared.value !== null && " (the image left of the line, wherever you click)"}
        </p>
      )}
      {trouble !== "" && <p class="trouble">{trouble}</p>}
      {values !== null && (
        <table>
          <tbody>
            {Object.entries(values).map(([name, value]) => (
              <tr key={name}>
                <th scope="row">{name}</th>
                <td>{value ?? "masked"}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </section>
  );
}
