import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { words } from "../api";

interface Props {
  readonly question: string;
  readonly yes: string;
  readonly children: ComponentChildren;
  readonly onYes: (progress: (text: string) => void) => Promise<void>;
  readonly onClose: () => void;
}

/** A question before something that cannot be undone. Escape and "Keep it" leave everything as it is, until it runs. */
export function Confirm({ question, yes, children, onYes, onClose }: Props) {
  const dialog = useRef<HTMLDialogElement>(null);
  const [told, setTold] = useState("");
  const [trouble, setTrouble] = useState("");
  useEffect(() => dialog.current?.showModal(), []);
  const runs = told !== "";
  useEffect(() => {
    const keep = (event: KeyboardEvent) => runs && event.key === "Escape" && event.preventDefault();
    document.addEventListener("keydown", keep); // of a second Escape a dialog closes without a cancel to prevent
    return () => document.removeEventListener("keydown", keep);
  }, [runs]);
  const ended = useRef(false);
  /** Close the dialog now: the browser tells of it later, when another one may be open. */
  const end = () => {
    dialog.current?.close();
    if (!ended.current) {
      ended.current = true;
      onClose();
    }
  };
  const cancel = (event: Event) => {
    event.preventDefault();
    if (!runs) {
      end();
    }
  };
  const go = () => {
    setTrouble("");
    setTold("Deleting…");
    onYes(setTold).catch((error: unknown) => {
      setTold("");
      setTrouble(words(error));
    });
  };
  return (
    <dialog ref={dialog} aria-labelledby="question" onClose={end} onCancel={cancel}>
      <h2 id="question">{question}</h2>
      {children}
      <p role="status">{told}</p>
      <div role="alert">{trouble !== "" && <p class="trouble">{trouble}</p>}</div>
      <div class="buttons">
        <button type="button" disabled={runs} onClick={end}>
          Keep it
        </button>
        <button type="button" class="danger" disabled={runs} onClick={go}>
          {yes}
        </button>
      </div>
    </dialog>
  );
}
