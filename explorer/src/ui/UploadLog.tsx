import { useState } from "preact/hooks";
import { isAbort, words } from "../api";
import { type UploadEvent, uploadsOf } from "../bring/service";
import type { Item } from "../stac";

/** How the image came into the catalog: the log of its uploads, the newest first. Asked for when it is opened. */
export function UploadLog({ item }: { item: Item }) {
  const [uploads, setUploads] = useState<Awaited<ReturnType<typeof uploadsOf>> | null>(null);
  const [trouble, setTrouble] = useState("");
  const load = () => {
    setTrouble("");
    uploadsOf(`${item.collection}:${item.id}`).then(setUploads, (error: unknown) => !isAbort(error) && setTrouble(words(error)));
  };
  return (
    <details class="group" onToggle={(event) => event.currentTarget.open && load()}>
      <summary>Upload log</summary>
      {trouble !== "" && <p class="trouble">{trouble}</p>}
      {uploads?.length === 0 && (
        <p class="quiet">There is no log that you may see: the image was registered without an upload, or the log is over.</p>
      )}
      {uploads?.map((upload) => (
        <div key={upload.id}>
          <h3>
            {upload.status} <small>{upload.id}</small>
          </h3>
          <ol class="log">
            {upload.events.map((event) => (
              <Event key={`${event.event_datetime} ${event.message}`} event={event} />
            ))}
          </ol>
        </div>
      ))}
    </details>
  );
}

function Event({ event }: { event: UploadEvent }) {
  const isBad = event.severity === "ERROR" || event.severity === "CRITICAL";
  return (
    <li class={isBad ? "trouble" : ""}>
      <span class="quiet">{event.event_datetime.slice(0, 19).replace("T", " ")}</span> {event.event_type}: {event.message}
    </li>
  );
}
