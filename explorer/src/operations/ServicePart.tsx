import { useState } from "preact/hooks";
import { token, words } from "../api";
import { lookAtService, redrive, service, serviceTrouble } from "./state";
import { lagInWords, type Letter, operatorOf, type Queue, type Reason, spanInWords } from "./service";

const NAMES: Readonly<Record<string, string>> = { ingest: "Files that arrived", tasks: "Background tasks" };

/** How the whole service is doing, which operators only are told. */
export function ServicePart() {
  const found = service.value;
  if (operatorOf(token.value) === null) {
    return null;
  }
  return (
    <section aria-label="Service">
      <h3>The service</h3>
      <div role="alert">{serviceTrouble.value !== "" && <p class="trouble">{serviceTrouble.value}</p>}</div>
      {found === null ? (
        serviceTrouble.value === "" && <p class="quiet">Asking…</p>
      ) : (
        <>
          <Queues queues={found.queues} />
          {found.queues.map((each) => (
            <DeadLetters key={each.name} queue={each} />
          ))}
          <p>
            Summaries{" "}
            {lagInWords(found.rollups.products, "product", found.rollups.lag_seconds, found.rollups.complete)} The mirror's
            files {lagInWords(found.mirror.months, "month", found.mirror.lag_seconds, found.mirror.complete)}
          </p>
          <p class="quiet">
            Answers are exact all the same. Summaries are recounted some seven minutes after a change, files are written
            within hours.
          </p>
          <Failures {...found.failed_uploads} />
        </>
      )}
    </section>
  );
}

function Queues({ queues }: { readonly queues: readonly Queue[] }) {
  return (
    <table>
      <thead>
        <tr>
          <th scope="col">Queue</th>
          <th scope="col">Waiting</th>
          <th scope="col">In work</th>
          <th scope="col">Dead letters</th>
        </tr>
      </thead>
      <tbody>
        {queues.map((each) => (
          <tr key={each.name}>
            <th scope="row">{nameOf(each)}</th>
            <td>{each.waiting.toLocaleString("en")}</td>
            <td>{each.running.toLocaleString("en")}</td>
            <td>{each.dead_letters.toLocaleString("en")}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function nameOf(queue: Queue): string {
  return NAMES[queue.name] ?? queue.name;
}

/** What five attempts could not do, and a way to have it tried again. */
function DeadLetters({ queue }: { readonly queue: Queue }) {
  const [said, setSaid] = useState("");
  const [busy, setBusy] = useState(false);
  const again = async () => {
    setBusy(true);
    try {
      const { sent_again: sent, dead_letters: left } = await redrive(queue.name);
      setSaid(`${sent.toLocaleString("en")} sent again, ${left.toLocaleString("en")} left.`);
      await lookAtService();
    } catch (error) {
      setSaid(words(error));
    } finally {
      setBusy(false);
    }
  };
  return (
    <section aria-label={`Dead letters: ${nameOf(queue)}`}>
      <div role="status">{said !== "" && <p>{said}</p>}</div>
      {queue.dead_letters > 0 && (
        <>
          <h4>Dead letters: {nameOf(queue)}</h4>
          <ul class="rows">
            {queue.letters.map((each) => (
              <LetterRow key={`${each.sent} ${each.about}`} letter={each} />
            ))}
          </ul>
          {queue.letters.length < queue.dead_letters && (
            <p class="quiet">
              {queue.letters.length} of {queue.dead_letters.toLocaleString("en")} were looked at.
            </p>
          )}
          {operatorOf(token.value) === "acts" && (
            <button type="button" disabled={busy} onClick={() => void again()}>
              Send them again<span class="hidden">: {nameOf(queue)}</span>
            </button>
          )}
        </>
      )}
    </section>
  );
}

function LetterRow({ letter }: { readonly letter: Letter }) {
  const age = (Date.now() - Date.parse(letter.sent)) / 1000;
  return (
    <li class="row">
      <strong>{letter.about}</strong>
      <p class="quiet">first sent {spanInWords(age)} ago</p>
      <p class={letter.reason === null ? "quiet" : "trouble"}>
        {letter.reason ?? "Nothing is on record of why: the function's log has it."}
      </p>
    </li>
  );
}

interface Failed {
  readonly count: number;
  readonly complete: boolean;
  readonly reasons: readonly Reason[];
}

function Failures({ count, complete, reasons }: Failed) {
  return (
    <section aria-label="Failed within a day">
      <h4>
        Failed within a day, of all products: {complete ? "" : "at least "}
        {count.toLocaleString("en")}
      </h4>
      <ul class="rows">
        {reasons.map((each) => (
          <li class="row" key={`${each.latest} ${each.image_id}`}>
            <strong>{each.count.toLocaleString("en")}</strong>, lately {each.image_id}
            <p class="trouble">{each.reason}</p>
          </li>
        ))}
      </ul>
    </section>
  );
}
