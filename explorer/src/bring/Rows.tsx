import { useComputed } from "@preact/signals";
import { size } from "../ui/Files";
import { countsOf, inWords } from "./counts";
import { mayTry, type Row, type State } from "./queue";
import { tell } from "../store";
import { againAll, queue, sendAnswered, show } from "./state";

/** The images on their way, and what can be done about them. */
export function Rows() {
  const rows = queue.rows.value;
  const counts = useComputed(() => countsOf(queue.rows.value));
  if (rows.length === 0) {
    return null;
  }
  const { answered, failed, again, ended } = counts.value;
  const open = queue.open.value;
  const isPaused = queue.paused.value;
  return (
    <section aria-label="Images on their way">
      <h3 aria-live="polite" tabIndex={-1}>
        {inWords(counts.value, rows.length, open)}
      </h3>
      {queue.halted.value !== null && <p class="trouble">{queue.halted.value}</p>}
      <div class="buttons">
        {open > 0 && (
          <button type="button" onClick={() => (isPaused ? queue.resume() : queue.pause())}>
            {isPaused ? "Go on" : "Pause"}
          </button>
        )}
        {answered > 1 && (
          <button type="button" onClick={sendAnswered}>
            Send the {answered} that have their time
          </button>
        )}
        {again > 0 && (
          <button type="button" onClick={againAll}>
            {again === failed ? "Try those that failed again" : `Try ${again} of those that failed again`}
          </button>
        )}
        {ended > 0 && (
          <button type="button" onClick={() => queue.clear()}>
            Clear what has ended
          </button>
        )}
      </div>
      <ul class="rows">
        {rows.map((row) => (
          <Item key={row.key} row={row} />
        ))}
      </ul>
    </section>
  );
}

function Item({ row }: { row: Row }) {
  const state = row.state.value;
  const isMoving = state === "sending" || state === "waiting";
  return (
    <li class={`row ${state}`}>
      <div class="rowhead">
        <strong>{row.name}</strong>
        <span class="quiet">{size(row.size)}</span>
      </div>
      <p class="quiet">{row.files.map((file) => file.name).join(", ")}</p>
      {isMoving && <progress max={Math.max(row.size, 1)} value={row.sent.value} aria-label={`${row.name}: bytes sent`} />}
      <p class={state === "failed" ? "trouble" : state === "asked" ? "" : "quiet"}>{row.words.value}</p>
      {state === "asked" && <Acquired row={row} />}
      <div class="buttons">
        <Actions row={row} state={state} />
      </div>
    </li>
  );
}

function Actions({ row, state }: { row: Row; state: State }) {
  const of = <span class="hidden"> {row.name}</span>;
  return (
    <>
      {state === "done" && (
        <button type="button" data-from={`show ${row.key}`} onClick={() => void show(row).catch(tell)}>
          Show it{of}
        </button>
      )}
      {state === "asked" && (
        <button type="button" class="main" disabled={!mayTry(row)} onClick={() => queue.again(row)}>
          Send it{of}
        </button>
      )}
      {state === "failed" && mayTry(row) && (
        <button type="button" onClick={() => queue.again(row)}>
          Try again{of}
        </button>
      )}
      {state === "there" && (
        <button type="button" onClick={() => queue.again(row, true)}>
          Replace it{of}
        </button>
      )}
      {state !== "done" && (state !== "taken" || row.other) && (
        <button type="button" onClick={() => queue.remove(row)}>
          Take it off the list{of}
        </button>
      )}
    </>
  );
}

function Acquired({ row }: { row: Row }) {
  const set = (text: string) => {
    const time = text === "" ? NaN : Date.parse(`${text}Z`);
    row.acquired.value = Number.isNaN(time) ? null : new Date(time).toISOString();
  };
  return (
    <label>
      Acquired (UTC)
      <input
        type="datetime-local"
        aria-label={`When ${row.name} was acquired (UTC)`}
        onChange={(event) => set(event.currentTarget.value)}
      />
    </label>
  );
}
