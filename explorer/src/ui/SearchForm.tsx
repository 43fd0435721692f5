import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { change, clear, query } from "../store";
import { NEWEST } from "../state/query";
import { AreaField } from "./AreaField";
import { Collections } from "./Collections";
import { Conditions } from "./Conditions";
import { OrderField } from "./OrderField";

export function SearchForm() {
  const asked = query.value;
  const isOpen = asked.collections.length > 0 || asked.area !== null || asked.from !== null || asked.to !== null;
  const isFiltered = isOpen || asked.cloud !== null || asked.conditions.length > 0;
  return (
    <form class="search" role="search" aria-label="Images" onSubmit={(event) => event.preventDefault()}>
      <Collections />
      <Group title="When" used={asked.from !== null || asked.to !== null}>
        <Dates />
      </Group>
      <Group title="Where" used={asked.area !== null}>
        <AreaField />
      </Group>
      <Group
        title="What and in which order"
        used={asked.cloud !== null || asked.conditions.length > 0 || asked.sort !== NEWEST}
      >
        <Clouds />
        <Conditions />
        <OrderField />
      </Group>
      {isFiltered && (
        <button type="button" onClick={clear}>
          Clear the search
        </button>
      )}
    </form>
  );
}

interface GroupProps {
  readonly title: string;
  readonly used: boolean;
  readonly children: ComponentChildren;
}

/** Fields that begin open where the search uses them; then they are as somebody left them. */
function Group({ title, used, children }: GroupProps) {
  const [atFirst] = useState(used);
  return (
    <details class="group" open={atFirst}>
      <summary>{title}</summary>
      {children}
    </details>
  );
}

function Dates() {
  const { from, to } = query.value;
  const set = (name: "from" | "to", text: string) => {
    const time = text === "" ? NaN : Date.parse(`${text}Z`);
    change({ [name]: Number.isNaN(time) ? null : new Date(time).toISOString() });
  };
  return (
    <div class="pair">
      <label>
        From (UTC)
        <input type="datetime-local" value={local(from)} onChange={(event) => set("from", event.currentTarget.value)} />
      </label>
      <label>
        Before (UTC)
        <input type="datetime-local" value={local(to)} onChange={(event) => set("to", event.currentTarget.value)} />
      </label>
    </div>
  );
}

function local(time: string | null): string {
  return time === null ? "" : time.slice(0, 16);
}

function Clouds() {
  const { cloud } = query.value;
  return (
    <label>
      Clouds at most, percent
      <input
        type="number"
        min={0}
        max={100}
        value={cloud ?? ""}
        onChange={(event) => {
          const value = event.currentTarget.valueAsNumber;
          change({ cloud: Number.isNaN(value) ? null : Math.min(Math.max(value, 0), 100) });
        }}
      />
    </label>
  );
}
