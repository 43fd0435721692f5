import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { change, clear, collections, query, queryables } from "../store";
import {
  type Comparison,
  comparisonsOf,
  type Condition,
  EVERYTHING,
  NEWEST,
  type ValueKind,
  valueKind,
  valueOf,
  valueWords,
} from "../state/query";
import { mayBring } from "../bring/state";
import { manage } from "../editing/state";
import { AreaField } from "./AreaField";
import { Options } from "./Options";

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
        <Order />
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

function Collections() {
  const [text, setText] = useState("");
  const all = collections.value;
  const asked = query.value.collections;
  const wanted = text.trim().toLowerCase().split(/\s+/);
  const found = (all ?? []).filter((each) => {
    const about = `${each.id} ${each.title ?? ""} ${each.description ?? ""}`.toLowerCase();
    return asked.includes(each.id) || wanted.every((word) => about.includes(word));
  });
  const toggle = (id: string, on: boolean) =>
    change({ collections: on ? [...asked, id] : asked.filter((each) => each !== id) });
  return (
    <fieldset class="group collections">
      <legend>Collections{asked.length > 0 ? ` (${asked.length} chosen)` : ""}</legend>
      <label class="find">
        Find a collection
        <input type="search" value={text} onInput={(event) => setText(event.currentTarget.value)} />
      </label>
      {all === null && <p class="quiet">Loading the collections…</p>}
      {all?.length === 0 && <p class="quiet">There is no collection that you may see.</p>}
      <div class="choices">
        {found.map((each) => (
          <div class="choice" key={each.id}>
            <label>
              <input
                type="checkbox"
                checked={asked.includes(each.id)}
                onChange={(event) => toggle(each.id, event.currentTarget.checked)}
              />
              <span>
                {each.title ?? each.id} <small>{each.id}</small>
              </span>
            </label>
            {mayBring.value && (
              <button type="button" data-from={`manage ${each.id}`} onClick={() => manage(each.id)}>
                Manage<span class="hidden"> {each.title ?? each.id}</span>
              </button>
            )}
          </div>
        ))}
        {all !== null && all.length > 0 && found.length === 0 && <p class="quiet">No collection has these words.</p>}
      </div>
    </fieldset>
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

function Conditions() {
  const all = query.value.conditions;
  const set = (conditions: readonly Condition[]) => change({ conditions });
  const names = Object.keys(queryables.value);
  return (
    <div class="conditions">
      {all.map((each, at) => (
        <p key={`${at}${each.property}`} class="condition">
          <span>
            {each.property} {each.op} {valueWords(each.value)}
          </span>
          <button
            type="button"
            aria-label={`Remove the condition on ${each.property}`}
            onClick={() => set(all.filter((_, other) => other !== at))}
          >
            Remove
          </button>
        </p>
      ))}
      {names.length > 0 && <NewCondition add={(condition) => set([...all, condition])} />}
    </div>
  );
}

function NewCondition({ add }: { add: (condition: Condition) => void }) {
  const [property, setProperty] = useState("");
  const [op, setOp] = useState<Comparison>("=");
  const [text, setText] = useState("");
  const about = queryables.value[property];
  const kind = valueKind(about ?? {});
  const value = about === undefined ? null : valueOf(kind, text);
  const take = (name: string) => {
    setProperty(name);
    setOp("="); // an operator or a value of another property may be none of this one
    setText("");
  };
  const save = () => {
    if (value !== null) {
      add({ property, op, value });
      take("");
    }
  };
  return (
    <fieldset class="newcondition">
      <legend>Another condition</legend>
      <label>
        Property
        <select value={property} onChange={(event) => take(event.currentTarget.value)}>
          <option value="">choose…</option>
          {Object.keys(queryables.value)
            .filter((name) => queryables.value[name]?.type !== "array" && name !== "geometry")
            .map((name) => (
              <option key={name} value={name}>
                {name}
              </option>
            ))}
        </select>
      </label>
      <label>
        Comparison
        <select value={op} onChange={(event) => setOp(event.currentTarget.value as Comparison)}>
          <Options values={comparisonsOf(kind)} />
        </select>
      </label>
      <ValueField
        key={property}
        kind={kind}
        choices={kind === "boolean" ? ["true", "false"] : about?.enum}
        text={text}
        set={setText}
        onEnter={save}
      />
      <button type="button" onClick={save} disabled={value === null}>
        Add
      </button>
      {about?.description !== undefined && <p class="quiet">{about.description}</p>}
    </fieldset>
  );
}

interface ValueProps {
  readonly kind: ValueKind;
  readonly choices: readonly string[] | undefined;
  readonly text: string;
  readonly set: (text: string) => void;
  readonly onEnter: () => void;
}

const INPUTS = {
  text: {},
  boolean: {},
  number: { type: "number", step: "any" },
  time: { type: "datetime-local", step: 1 },
} as const;

function ValueField({ kind, choices, text, set, onEnter }: ValueProps) {
  return (
    <label>
      {kind === "time" ? "Value (UTC)" : "Value"}
      {choices === undefined ? (
        <input
          {...INPUTS[kind]}
          value={text}
          onInput={(event) => set(event.currentTarget.value)}
          onKeyDown={(event) => event.key === "Enter" && onEnter()}
        />
      ) : (
        <select value={text} onChange={(event) => set(event.currentTarget.value)}>
          <option value="">choose…</option>
          <Options values={choices} />
        </select>
      )}
    </label>
  );
}

const ORDERS: readonly (readonly [string, string])[] = [
  [NEWEST, "newest first"],
  ["+datetime", "oldest first"],
  ["+eo:cloud_cover", "fewest clouds first"],
  ["-created", "last saved first"],
  ["+id", "by name"],
];

function Order() {
  const { sort } = query.value;
  const known = ORDERS.some(([name]) => name === sort);
  return (
    <label>
      Order
      <select value={sort} onChange={(event) => change({ sort: event.currentTarget.value || EVERYTHING.sort })}>
        {ORDERS.map(([name, words]) => (
          <option key={name} value={name}>
            {words}
          </option>
        ))}
        {!known && <option value={sort}>{sort}</option>}
      </select>
    </label>
  );
}
