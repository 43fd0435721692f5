import { useState } from "preact/hooks";
import { type Comparison, comparisonsOf, type Condition, type ValueKind, valueKind, valueOf, valueWords } from "../state/query";
import { change, query, queryables } from "../store";
import { Options } from "./Options";

/** Comparisons of any property that items are filtered by. */
export function Conditions() {
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
