import { signal } from "@preact/signals";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { mayBring } from "../bring/state";
import { manage } from "../editing/state";
import { withFirst } from "../state/rows";
import type { Collection } from "../stac";
import { change, collections, hasAllCollections, query } from "../store";
import { VirtualList } from "./VirtualList";

const HEIGHT = 26;
/** As many as are seen at once: of no more, none has to be looked for. */
const SEEN = 6;

/** What is looked for: it stays while something else takes the place of the search. */
const wanted = signal("");

const idOf = ({ id }: Collection) => id;

/** The collections to choose from: those that were chosen before somebody looks for others come first. */
export function Collections() {
  const all = collections.value;
  const asked = query.value.collections;
  const [first, setFirst] = useState(asked);
  const own = useRef(asked);
  useEffect(() => {
    if (asked !== own.current) {
      own.current = asked;
      setFirst(asked); // by a link, or by clearing the search: not by the list, whose rows stay where they are
    }
  }, [asked]);
  const found = useMemo(() => listed(all ?? [], wanted.value, asked, first), [all, wanted.value, asked, first]);
  const toggle = (id: string, on: boolean) => {
    own.current = on ? [...asked, id] : asked.filter((each) => each !== id);
    change({ collections: own.current });
  };
  const isLong = found.length > SEEN;
  return (
    <fieldset class="group collections">
      <legend>Collections{legend(asked.length, all?.length ?? 0)}</legend>
      <label class="find">
        Find a collection
        <input
          type="search"
          value={wanted.value}
          onInput={(event) => {
            wanted.value = event.currentTarget.value;
            setFirst(asked);
          }}
        />
      </label>
      {isLong && asked.some((each) => !first.includes(each)) && (
        <button type="button" onClick={() => setFirst(asked)}>
          Show the chosen ones first
        </button>
      )}
      {all === null && <p class="quiet">Loading the collections…</p>}
      {all?.length === 0 && hasAllCollections.value && <p class="quiet">There is no collection that you may see.</p>}
      {all !== null && (
        <VirtualList
          name="collections"
          class="choices"
          items={found}
          keyOf={idOf}
          height={HEIGHT}
          size={hasAllCollections.value ? found.length : -1}
          row={(each) => <Choice collection={each} isChosen={asked.includes(each.id)} toggle={toggle} />}
        >
          {all.length > 0 && found.length === 0 && (
            <p class="quiet">{hasAllCollections.value ? "No collection has these words." : "None of those that are loaded has these words."}</p>
          )}
        </VirtualList>
      )}
    </fieldset>
  );
}

function legend(chosen: number, loaded: number): string {
  const parts = [
    chosen > 0 ? `${chosen} chosen` : "",
    hasAllCollections.value || loaded === 0 ? "" : `${loaded.toLocaleString("en")} loaded so far`,
  ].filter((each) => each !== "");
  return parts.length === 0 ? "" : ` (${parts.join(", ")})`;
}

/** Return the collections that have the words, and those that are chosen. */
function listed(all: readonly Collection[], text: string, asked: readonly string[], first: readonly string[]): readonly Collection[] {
  const words = text.trim().toLowerCase().split(/\s+/);
  const found = all.filter((each) => {
    const about = `${each.id} ${each.title ?? ""} ${each.description ?? ""}`.toLowerCase();
    return asked.includes(each.id) || words.every((word) => about.includes(word));
  });
  return found.length > SEEN && first.length > 0 ? withFirst(found, ({ id }) => first.includes(id)) : found;
}

interface ChoiceProps {
  readonly collection: Collection;
  readonly isChosen: boolean;
  readonly toggle: (id: string, on: boolean) => void;
}

function Choice({ collection: { id, title }, isChosen, toggle }: ChoiceProps) {
  return (
    <div class="choice">
      <label>
        <input type="checkbox" checked={isChosen} onChange={(event) => toggle(id, event.currentTarget.checked)} />
        <span>
          {title ?? id} <small>{id}</small>
        </span>
      </label>
      {mayBring.value && (
        <button type="button" data-from={`manage ${id}`} onClick={() => manage(id)}>
          Manage<span class="hidden"> {title ?? id}</span>
        </button>
      )}
    </div>
  );
}
