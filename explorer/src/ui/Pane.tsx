import type { ComponentChildren } from "preact";
import { usePaneFocus } from "./focus";

interface PaneProps {
  /** Of the heading, which gets the focus when the pane opens. */
  readonly id: string;
  readonly title: string;
  /** What the region is called by those who do not see it. */
  readonly words: string;
  readonly kind?: string;
  readonly back?: string;
  readonly onBack: () => void;
  readonly children: ComponentChildren;
}

/** What takes the place of the search at the side, and the way back to it. */
export function Pane({ id, title, words, kind, back = "Back to the search", onBack, children }: PaneProps) {
  usePaneFocus(id, onBack);
  return (
    <section data-pane={id} class={kind === undefined ? "details" : `details ${kind}`} aria-label={words}>
      <p>
        <button type="button" onClick={onBack}>
          {back}
        </button>
      </p>
      <h2 id={id} tabIndex={-1}>
        {title}
      </h2>
      {children}
    </section>
  );
}
