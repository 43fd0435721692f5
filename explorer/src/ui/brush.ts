import type UPlot from "uplot";

/** Pixels from which on a pointer drags. */
const LEAST = 3;

/**
 * Let whatever points drag over a plot, and tell from where to where on its x axis it did.
 *
 * uPlot's own selection hears a mouse only. Fingers that move up or down scroll the page instead.
 */
export function followBrush(plot: UPlot, onEnd: (from: number, to: number) => void): void {
  const { over } = plot;
  let begun: { readonly pointer: number; readonly x: number; readonly before: UPlot.Select } | null = null;
  const at = ({ clientX }: PointerEvent) => {
    const { left, width } = over.getBoundingClientRect();
    return Math.min(Math.max(clientX - left, 0), width);
  };
  const show = (event: PointerEvent) => {
    const [from, to] = [begun?.x ?? 0, at(event)];
    plot.setSelect({ left: Math.min(from, to), width: Math.abs(to - from), top: 0, height: over.clientHeight }, false);
  };
  over.addEventListener("pointerdown", (event) => {
    if (event.isPrimary && event.button === 0) {
      over.setPointerCapture(event.pointerId);
      begun = { pointer: event.pointerId, x: at(event), before: { ...plot.select } };
    }
  });
  over.addEventListener("pointermove", (event) => {
    if (begun?.pointer === event.pointerId) {
      show(event);
    }
  });
  over.addEventListener("pointerup", (event) => {
    if (begun?.pointer === event.pointerId) {
      const { x, before } = begun;
      begun = null;
      const ends = [x, at(event)].sort((a, b) => a - b).map((each) => plot.posToVal(each, "x"));
      plot.setSelect(before, false); // until the times that it chose are shown
      if (Math.abs(at(event) - x) >= LEAST) {
        onEnd(ends[0] ?? 0, ends[1] ?? 0);
      }
    }
  });
  over.addEventListener("pointercancel", () => {
    if (begun !== null) {
      plot.setSelect(begun.before, false);
      begun = null;
    }
  });
}
