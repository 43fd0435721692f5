import { busy, choose, hovered, items, keyOf, lastPage, loadMore, matched, query, unsorted } from "../store";
import { currentMap } from "../map/state";
import { boundsOf } from "../state/shapes";
import type { Item } from "../stac";
import { orderWords } from "../state/orders";
import { Nothing } from "./Nothing";
import { Preview } from "./Preview";
import { VirtualList } from "./VirtualList";
import { imagesInWords } from "./words";

/** As the style has it. */
const HEIGHT = 92;

export function Results() {
  const number = matched.value;
  const known = number === null ? null : imagesInWords(number);
  return (
    <section class="results" aria-label="Results">
      <h2 id="results" tabIndex={-1} aria-live="polite">
        {busy.value ? "Searching…" : (known ?? "Results")}
      </h2>
      <Unsorted />
      {busy.value && items.value.length === 0 ? <Skeleton /> : <List />}
    </section>
  );
}

/** That the list is not in the order that is asked for, and why. */
function Unsorted() {
  const why = unsorted.value;
  return (
    <div role="status">
      {why !== null && (
        <details class="quiet">
          <summary>Newest first: these cannot be in the order “{orderWords(query.value.sort)}”</summary>
          {why}
        </details>
      )}
    </div>
  );
}

function Skeleton() {
  return (
    <div class="skeleton" aria-hidden="true">
      <div />
      <div />
      <div />
    </div>
  );
}

function List() {
  const found = items.value;
  if (found.length === 0) {
    return busy.value || lastPage.value === null ? null : <Nothing />;
  }
  const more = (last: number) => last >= found.length - 10 && void loadMore();
  return (
    <VirtualList
      name="results"
      class="list"
      items={found}
      keyOf={keyOf}
      height={HEIGHT}
      size={matched.value ?? -1}
      row={(item) => <Card item={item} />}
      onLast={more}
    >
      {lastPage.value?.links.some((link) => link.rel === "next") === true && (
        <p class="quiet">More follow as you scroll.</p>
      )}
    </VirtualList>
  );
}

function Card({ item }: { item: Item }) {
  const key = keyOf(item);
  const clouds = item.properties["eo:cloud_cover"];
  const time = item.properties["datetime"];
  return (
    <button
      type="button"
      data-from={`card ${key}`}
      class={`card${hovered.value === key ? " hovered" : ""}`}
      onClick={() => {
        choose(item);
        currentMap.peek()?.see(item.geometry === null ? null : boundsOf([item.geometry]));
      }}
      onMouseEnter={() => (hovered.value = key)}
      onMouseLeave={() => (hovered.value = null)}
      onFocus={() => (hovered.value = key)}
      onBlur={() => (hovered.value = null)}
    >
      <Preview item={item} size={128} />
      <span class="cardwords">
        <strong>{item.id}</strong>
        <span>{item.collection}</span>
        <span class="quiet">
          {typeof time === "string" ? time.slice(0, 16).replace("T", " ") : "no time"}
          {typeof clouds === "number" ? `, ${clouds.toFixed(0)} % clouds` : ""}
        </span>
      </span>
    </button>
  );
}
