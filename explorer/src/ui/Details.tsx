import { CompareField } from "../compare/CompareField";
import { lazy, Suspense } from "preact/compat";
import { useEffect, useState } from "preact/hooks";
import { isAbort, token, words } from "../api";
import { rights } from "../session/caller";
import type { Chosen } from "../state/address";
import { boundsOf } from "../state/shapes";
import { item as fetchItem, type Item } from "../stac";
import { changes, choose, look, tell } from "../store";
import { currentMap, opened, pointed } from "../map/state";
import { mayBring } from "../bring/state";
import { Files } from "./Files";
import { LookField } from "./LookField";
import { PointValues } from "./PointValues";
import { Preview } from "./Preview";
import { Snippets } from "./Snippets";
import { UploadLog } from "./UploadLog";
import { Pane } from "./Pane";
import { bringMap } from "./screen";

const ImageEditing = lazy(() => import("../editing/ImageEditing"));

/** One image: what it looks like, what is known of it, its files. */
export function Details({ which }: { which: Chosen }) {
  const [item, setItem] = useState<Item | null>(null);
  const [trouble, setTrouble] = useState("");
  const [pictureTrouble, setPictureTrouble] = useState("");
  useEffect(() => {
    const giveUp = new AbortController();
    fetchItem(which.collection, which.id, giveUp.signal)
      .then((found) => {
        setItem(found);
        setTrouble("");
        opened.value = found;
      })
      .catch((error: unknown) => {
        if (!isAbort(error)) {
          setItem(null); // another caller may not see what this one saw
          opened.value = null;
          setTrouble(words(error));
        }
      });
    return () => giveUp.abort();
  }, [which.collection, which.id, changes.value, rights.value]);
  useEffect(
    () => () => {
      opened.value = null;
      pointed.value = null;
    },
    [which.collection, which.id],
  );
  return (
    <Pane id="image" title={which.id} words="Image" back="Back to the results" onBack={() => choose(null)}>
      <p class="quiet">{which.collection}</p>
      {trouble !== "" && (
        <p class="trouble" role="alert">
          This image cannot be shown: {trouble}
        </p>
      )}
      {item !== null && (
        <>
          <figure class="preview">
            <Preview
              item={item}
              size={512}
              look={look.value}
              words={`The image ${item.id}`}
              onTrouble={(error) => setPictureTrouble(error === null ? "" : words(error))}
            />
          </figure>
          {pictureTrouble !== "" && <p class="trouble">{pictureTrouble}</p>}
          <p>
            <button
              type="button"
              onClick={() => {
                currentMap.peek()?.fit(item.geometry === null ? null : boundsOf([item.geometry]), 16);
                bringMap();
              }}
            >
              Look at it on the map
            </button>
          </p>
          <LookField item={item} />
          <CompareField item={item} />
          <PointValues item={item} />
          <Properties item={item} />
          <Files item={item} onTrouble={tell} />
          <Snippets item={item} />
          {token.value !== null && <UploadLog item={item} />}
          {mayBring.value && (
            <Suspense fallback={null}>
              <ImageEditing item={item} />
            </Suspense>
          )}
        </>
      )}
    </Pane>
  );
}

function Properties({ item }: { item: Item }) {
  const rows = Object.entries(item.properties);
  return (
    <details class="group" open>
      <summary>Metadata</summary>
      <div class="scroll" role="region" aria-label="Metadata" tabIndex={0}>
        <table>
          <tbody>
            {rows.map(([name, value]) => (
              <tr key={name}>
                <th scope="row">{name}</th>
                <td>{shownValue(value)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </details>
  );
}

function shownValue(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}
