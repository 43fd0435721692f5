import { useEffect, useLayoutEffect } from "preact/hooks";
import { drawing } from "../map/state";
import { bring, narrow } from "./screen";

/** What had the focus, in a form that outlives it: a list is drawn anew, a pane takes its place. */
interface Origin {
  readonly element: HTMLElement;
  /** The `data-from` of what is drawn anew. */
  readonly from: string | undefined;
  readonly pane: string | undefined;
  /** What it lies in, from the inside outwards. */
  readonly around: readonly HTMLElement[];
}

const HEADING = "h2[tabindex], h3[tabindex]";
const TYPED = "input:not([type=checkbox]):not([type=radio]):not([type=file]), select, textarea";
const origins = new Map<string, Origin>();
let last: Origin | null = null;

const MODIFIERS = ["Shift", "Control", "Alt", "Meta"];

/** Note on the page whether keys are used: a heading that gets the focus is marked for whoever needs to know. */
export function followKeys(): void {
  const { dataset } = document.documentElement;
  addEventListener("keydown", ({ key }) => {
    if (!MODIFIERS.includes(key)) {
      dataset["keys"] = "used";
    }
  });
  addEventListener("pointerdown", () => delete dataset["keys"], { capture: true });
}

/** Note what has the focus; where that is taken off the page, what is left around it gets the focus. */
export function followFocus(): void {
  addEventListener("focusin", ({ target }) => {
    if (target instanceof HTMLElement) {
      last = originOf(target);
    }
  });
  new MutationObserver(() => {
    if (last !== null && !last.element.isConnected && isLost()) {
      setTimeout(rescue);
    }
  }).observe(document.body, { childList: true, subtree: true });
}

/** Give the focus to what is left around what had it; that stays what a pane gives it back to. */
function rescue(): void {
  const was = last;
  if (isLost() && was !== null) {
    nearest(was)?.focus();
    last = was;
  }
}

function isLost(): boolean {
  return document.activeElement === document.body || document.activeElement === null;
}

function originOf(element: HTMLElement): Origin {
  const around: HTMLElement[] = [];
  for (let at = element.parentElement; at !== null; at = at.parentElement) {
    around.push(at);
  }
  const pane = element.closest<HTMLElement>("[data-pane]")?.dataset["pane"];
  return { element, from: element.closest<HTMLElement>("[data-from]")?.dataset["from"], pane, around };
}

/** Return what is there now of what had the focus, or else the heading of what it was in. */
function nearest({ element, from, around }: Origin): HTMLElement | null {
  const again = from === undefined ? null : document.querySelector<HTMLElement>(`[data-from="${CSS.escape(from)}"]`);
  if (element.isConnected || again !== null) {
    return element.isConnected ? element : again;
  }
  const left = around.find((each) => each.isConnected && each !== document.body && each.querySelector(HEADING) !== null);
  return left?.querySelector<HTMLElement>(HEADING) ?? document.getElementById("side");
}

/**
 * Let a pane have the focus while it is there, Escape close it, and the focus then go back.
 *
 * In a field Escape leaves the field first, so that nothing that was typed is lost by one key.
 */
export function usePaneFocus(id: string, onBack: () => void): void {
  useLayoutEffect(() => {
    // another pane lay over this one: the focus goes, or has gone, back to what opened that
    const isReturn = last?.pane !== undefined && (last.pane === id || origins.get(last.pane)?.pane === id);
    if (!isReturn) {
      origins.delete(id);
      if (last !== null) {
        origins.set(id, last);
      }
      const heading = document.getElementById(id);
      heading?.focus({ preventScroll: narrow.peek() });
      bring(heading?.closest("[data-pane]") ?? null);
    }
    return () => void setTimeout(() => leave(id));
  }, [id]);
  useEffect(() => {
    const key = (event: KeyboardEvent) => {
      if (event.key !== "Escape" || event.defaultPrevented || drawing.peek() || document.querySelector("dialog[open]")) {
        return;
      }
      if (event.target instanceof HTMLElement && event.target.matches(TYPED)) {
        document.getElementById(id)?.focus();
      } else {
        onBack();
      }
    };
    addEventListener("keydown", key);
    return () => removeEventListener("keydown", key);
  }, [id, onBack]);
}

/** Give the focus back when a pane has gone: not while another lies over it. */
function leave(id: string): void {
  const origin = origins.get(id);
  const over = document.querySelector<HTMLElement>("[data-pane]");
  if (over?.dataset["pane"] === id || origin === undefined) {
    return;
  }
  const target = nearest(origin);
  if (over === null || (target !== null && over.contains(target))) {
    origins.delete(id);
    target?.focus();
  }
}
