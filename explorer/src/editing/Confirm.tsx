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

/** A question before something that cannot be undone. Escape and "Keep it" leave everything as it is. */
export function Confirm({ question, yes, children, onYes, onClose }: Props) {
  const dialog = useRef<HTMLDialogElement>(null);
  const [told, setTold] = useState("");
  const [trouble, setTrouble] = useState("");
  useEffect(() => dialog.current?.showModal(), []);
  const go = () => {
    setTrouble("");
    setTold("Deleting…");
    onYes(setTold).catch((error: unknown) => {
      setTold("");
      setTrouble(words(error));
    });
  };
  return (
    <dialog ref={dialog} aria-labelledby="question" onClose={onClose}>
      <h2 id="question">{question}</h2>
      {children}
      <p role="status">{told}</p>
      <div role="alert">{trouble !== "" && <p class="trouble">{trouble}</p>}</div>
      <div class="buttons">
        <button type="button" onClick={() => dialog.current?.close()}>
          Keep it
        </button>
        <button type="button" class="danger" disabled={told !== ""} onClick={go}>
          {yes}
        </button>
      </div>
    </dialog>
  );
}
