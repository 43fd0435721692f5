import { useEffect } from "preact/hooks";
import {
  again,
  closeOperations,
  failed,
  lookAtService,
  lookAtUploads,
  moving,
  operationsTrouble,
  seen,
} from "./state";
import { stateInWords, type Upload, type Uploads } from "./uploads";
import { Pane } from "../ui/Pane";
import { ServicePart } from "./ServicePart";
import { StoragePart } from "./StoragePart";

const EVERY = 10_000;

/** The side while somebody looks at how the service is doing: uploads by state, and what is kept. */
export default function Operations() {
  useEffect(() => {
    void look();
    const timer = setInterval(() => {
      if (document.visibilityState === "visible") {
        void look();
      }
    }, EVERY);
    return () => clearInterval(timer);
  }, []);
  return (
    <Pane id="operating" title="Operating" words="Operating" kind="operations" onBack={closeOperations}>
      <div role="alert">{operationsTrouble.value !== "" && <p class="trouble">{operationsTrouble.value}</p>}</div>
      <p class="quiet">
        Uploads of products that you may write, and your own
        {seen.value === null ? "" : `, as they were at ${seen.value.toISOString().slice(11, 19)} UTC`}.
      </p>
      <Group title="On their way" found={moving.value} empty="Nothing is on its way: all that came in has ended." />
      <Group title="Failed" found={failed.value} empty="No upload has failed." />
      <ServicePart />
      <StoragePart />
    </Pane>
  );
}

/** Look at what changes by itself. */
async function look(): Promise<void> {
  await Promise.all([lookAtUploads(), lookAtService()]);
}

function Group({ title, found, empty }: { title: string; found: Uploads | null; empty: string }) {
  return (
    <section aria-label={title}>
      <h3>
        {title}
        {found === null ? "" : `: ${found.count.toLocaleString("en")}`}
      </h3>
      {found === null && <p class="quiet">Asking…</p>}
      {found?.count === 0 && <p class="empty">{empty}</p>}
      <ul class="rows">
        {found?.shown.map((each) => (
          <Row key={each.id} upload={each} />
        ))}
      </ul>
      {found !== null && found.count > found.shown.length && (
        <p class="quiet">These are the newest {found.shown.length}.</p>
      )}
    </section>
  );
}

function Row({ upload }: { upload: Upload }) {
  return (
    <li class="row">
      <div class="rowhead">
        <strong>{upload.image}</strong>
      </div>
      <p class="quiet">
        {stateInWords(upload.status)}, declared {upload.created.slice(0, 16).replace("T", " ")}
      </p>
      {upload.said !== "" && <p class={upload.status === "failure" ? "trouble" : "quiet"}>{upload.said}</p>}
      {upload.status === "failure" && (
        <button type="button" onClick={() => again(upload.product)}>
          Bring it in again<span class="hidden">: {upload.image}</span>
        </button>
      )}
    </li>
  );
}
