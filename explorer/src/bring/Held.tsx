import { size } from "../ui/Files";
import { filesInWords } from "./files";
import { discard, doing, draft, held, takeBack } from "./state";

/** The files of which nothing is sent yet: each can be taken back, or all. */
export function Held() {
  const files = held.value;
  const isBusy = doing.value !== "";
  if (files.length === 0) {
    return null;
  }
  return (
    <section class="group" aria-label="Files that wait">
      <h3 tabIndex={-1}>{filesInWords(files.length)}, not sent yet</h3>
      <ul class="files scroll">
        {files.map((file, at) => (
          <li key={`${at} ${file.name}`}>
            <span>
              {file.name} <span class="quiet">{size(file.size)}</span>
            </span>
            <button type="button" disabled={isBusy} onClick={() => void takeBack(file)}>
              Take it back<span class="hidden">{` ${file.name}`}</span>
            </button>
          </li>
        ))}
      </ul>
      <button type="button" disabled={isBusy} onClick={discard}>
        {draft.value === null ? "Take all back" : "Discard this product and its files"}
      </button>
    </section>
  );
}
