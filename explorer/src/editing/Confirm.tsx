import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { Outcome, useAttempt } from "./attempt";

interface Props {
  readonly question: string;
  readonly yes: string;
  readonly children: ComponentChildren;
  readonly onYes: (progress: (text: string) => void) => Promise<void>;
  /** Load what is asked about as somebody else left it. */
  readonly onReload: () => void;
  readonly onClose: () => void;
}

/** A question before something that cannot be undone. Escape and "Keep it" leave everything as it is, until it runs. */
export function Confirm({ question, yes, children, onYes, onReload, onClose }: Props) {
  const dialog = useRef<HTMLDialogElement>(null);
  const attempt = useAttempt();
  const { runs } = attempt;
  useEffect(() => dialog.current?.showModal(), []);
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
  const go = async (progress: (text: string) => void) => {
    await onYes(progress);
    return "";
  };
  const reload = () => {
    end();
    onReload();
  };
  return (
    <dialog ref={dialog} aria-labelledby="question" onClose={end} onCancel={cancel}>
      <h2 id="question">{question}</h2>
      {children}
      <Outcome attempt={attempt} onReload={reload} />
      <div class="buttons">
        <button type="button" disabled={runs} onClick={end}>
          Keep it
        </button>
        <button type="button" class="danger" disabled={runs} onClick={() => void attempt.run(go, "Deleting…")}>
          {yes}
        </button>
      </div>
    </dialog>
  );
}
