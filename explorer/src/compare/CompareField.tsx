import { useEffect, useState } from "preact/hooks";
import { isAbort, words } from "../api";
import { type Item, overlapping } from "../stac";
import { compared, keyOf } from "../store";
import { bringMap } from "../ui/screen";
import { imagesInWords } from "../ui/words";

/** Choose an image of the same ground to compare one with. */
export function CompareField({ item }: { item: Item }) {
  const [found, setFound] = useState<Awaited<ReturnType<typeof overlapping>> | null>(null);
  const [trouble, setTrouble] = useState("");
  const [isOpen, setOpen] = useState(compared.value !== null);
  useEffect(() => {
    const giveUp = new AbortController();
    if (isOpen && item.geometry !== null) {
      overlapping(item, giveUp.signal)
        .then(setFound)
        .catch((error: unknown) => !isAbort(error) && setTrouble(words(error)));
    }
    return () => giveUp.abort();
  }, [item, isOpen]);
  const now = compared.value;
  const others = found?.items ?? [];
  const isListed = now === null || others.some((each) => keyOf(each) === keyOf(now));
  const set = (key: string) => {
    const [, collection, id] = /^([^/]+)\/([^/]+)$/.exec(key) ?? [];
    compared.value = collection === undefined || id === undefined ? null : { collection, id };
    if (compared.peek() !== null) {
      bringMap(); // which both are on
    }
  };
  return (
    <details class="group" open={isOpen} onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>Compare with another image</summary>
      {trouble !== "" && <p class="trouble">{trouble}</p>}
      {found?.items.length === 0 && found.more === 0 && <p class="quiet">No other image that you may see has ground in common with this one.</p>}
      <label>
        Of the same ground, the newest first
        <select value={now === null ? "" : keyOf(now)} onChange={(event) => set(event.currentTarget.value)}>
          <option value="">none</option>
          {now !== null && !isListed && <option value={keyOf(now)}>{now.id}</option>}
          {others.map((each) => (
            <option key={keyOf(each)} value={keyOf(each)}>
              {each.id}, {dayOf(each)} ({each.collection})
            </option>
          ))}
        </select>
      </label>
      {found !== null && found.more > 0 && (
        <p class="quiet">
          {imagesInWords(found.more)} of the same ground, older than these, {found.more === 1 ? "is" : "are"} not listed.
        </p>
      )}
    </details>
  );
}

function dayOf(item: Item): string {
  const time = item.properties["datetime"];
  return typeof time === "string" ? time.slice(0, 10) : "no time";
}
