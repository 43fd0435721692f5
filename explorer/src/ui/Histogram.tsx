import { useEffect, useRef } from "preact/hooks";
import UPlot from "uplot";
import { change, matched, part, query, summary } from "../store";
import { dark } from "../theme";
import { type Bar, brushed, type Marks, marksOf, namesOf, nearer } from "../state/intervals";
import { followBrush } from "./brush";
import { imagesInWords } from "./words";

const HEIGHT = 130;
/** Pixels that a mark of the axis of times has. */
const ROOM = 70;
/** Pixels beside the bars, about. */
const BESIDE = 90;

export function Histogram() {
  const found = summary.value;
  const { from, to } = query.value;
  const number = matched.value;
  const all = found?.bars ?? [];
  const chosen = from !== null || to !== null;
  const near = nearer(all, found?.interval ?? "year", from, to);
  return (
    <section class="time" aria-label="Images over time">
      <p class="timewords">
        {chosen ? (
          <>
            <span>
              {number === null ? "Images" : imagesInWords(number)} {span(from, to)}
            </span>
            {near !== null && (
              <button type="button" onClick={() => (part.value = near)}>
                Look nearer
              </button>
            )}
            <button type="button" onClick={() => change({ from: null, to: null })}>
              All times
            </button>
          </>
        ) : (
          <span class="quiet">
            {all.length > 0
              ? `Images by ${found?.interval ?? ""}: drag over the bars to choose times, or give dates in the search.`
              : "Images over time"}
          </span>
        )}
      </p>
      <Plot bars={all} from={from} to={to} isDark={dark.value} />
      {all.length > 0 && <Table bars={all} />}
    </section>
  );
}

function span(from: string | null, to: string | null): string {
  const first = from === null ? "" : ` from ${from.slice(0, 16).replace("T", " ")}`;
  const last = to === null ? "" : ` until before ${to.slice(0, 16).replace("T", " ")}`;
  return `${first}${last} UTC`.trim();
}

function Table({ bars }: { bars: readonly Bar[] }) {
  return (
    <details class="bars">
      <summary>As a table</summary>
      <div class="scroll" role="region" aria-label="Table of images over time" tabIndex={0}>
        <table>
          <thead>
            <tr>
              <th scope="col">From (UTC)</th>
              <th scope="col">Images</th>
            </tr>
          </thead>
          <tbody>
            {bars
              .filter((bar) => bar.count > 0)
              .map((bar) => (
                <tr key={bar.start}>
                  <td>{new Date(bar.start * 1000).toISOString().slice(0, 16).replace("T", " ")}</td>
                  <td>{bar.count}</td>
                </tr>
              ))}
          </tbody>
        </table>
      </div>
    </details>
  );
}

interface PlotProps {
  readonly bars: readonly Bar[];
  readonly from: string | null;
  readonly to: string | null;
  readonly isDark: boolean;
}

function Plot({ bars, from, to, isDark }: PlotProps) {
  const place = useRef<HTMLDivElement>(null);
  const plot = useRef<UPlot | null>(null);
  const first = bars[0];
  const last = bars.at(-1);
  const key = `${bars.length}:${first?.start ?? 0}:${last?.end ?? 0}:${isDark}`;
  useEffect(() => {
    const element = place.current;
    if (element === null || first === undefined || last === undefined) {
      return undefined;
    }
    const made = makePlot(element, bars, isDark);
    plot.current = made;
    const watch = new ResizeObserver(() => made.setSize({ width: element.clientWidth, height: HEIGHT }));
    watch.observe(element);
    return () => {
      watch.disconnect();
      made.destroy();
      plot.current = null;
    };
  }, [key, bars]);
  useEffect(() => {
    const made = plot.current;
    if (made !== null && first !== undefined && last !== undefined) {
      showBrush(made, from, to);
    }
  }, [from, to, key, bars]);
  const sum = bars.reduce((all, bar) => all + bar.count, 0);
  const label = `Histogram of ${sum} images in ${bars.length} intervals; the table below has its figures`;
  return <div class="plot" ref={place} role="img" aria-label={bars.length > 0 ? label : "No images"} />;
}

function makePlot(element: HTMLElement, bars: readonly Bar[], isDark: boolean): UPlot {
  const ink = isDark ? "#b9c7d2" : "#3d4c59";
  const grid = isDark ? "#26333e" : "#e1e7ec";
  const fill = isDark ? "#5fb3d3" : "#0b5c7a";
  const low = bars[0]?.start ?? 0;
  const high = bars.at(-1)?.end ?? 1;
  const paths = UPlot.paths.bars?.({ size: [0.9], align: 1 }); // as wide as its interval
  let marks: Marks = { times: [], interval: "year" };
  const split = ({ width }: UPlot) => (marks = marksOf(low, high, Math.max((width - BESIDE) / ROOM, 1))).times.slice();
  const axis = { stroke: ink, grid: { stroke: grid, width: 1 }, ticks: { stroke: grid, width: 1 } };
  const made = new UPlot(
    {
      width: Math.max(element.clientWidth, 100),
      height: HEIGHT,
      padding: [null, ROOM / 2, null, null],
      legend: { show: false },
      cursor: { bind: { mousedown: () => null, dblclick: () => null }, y: false, points: { show: false } },
      scales: { x: { time: false, range: () => [low, high] }, y: { range: (_, __, most) => [0, Math.max(most, 1)] } },
      axes: [
        { ...axis, splits: split, values: () => namesOf(marks) },
        { ...axis, size: (_, labels) => widthOf(labels), space: 26, incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1e3, 2e3, 5e3, 1e4, 1e5, 1e6] },
      ],
      series: [{}, { fill, stroke: fill, width: 0, ...(paths === undefined ? {} : { paths }), points: { show: false } }],
    },
    [bars.map((bar) => bar.start), bars.map((bar) => bar.count)],
    element,
  );
  followBrush(made, (from, to) => change(brushed(bars, from, to) ?? {}));
  return made;
}

/** Pixels that the labels of an axis take, none of which is cut off. */
function widthOf(labels: readonly string[] | null): number {
  const longest = Math.max(3, ...(labels ?? []).map((each) => each.length));
  return 20 + 7.5 * longest;
}

function showBrush(plot: UPlot, from: string | null, to: string | null): void {
  const height = plot.over.clientHeight;
  if (from === null && to === null) {
    plot.setSelect({ left: 0, width: 0, top: 0, height: 0 }, false);
    return;
  }
  const { min = 0, max = 1 } = plot.scales["x"] as { min?: number; max?: number };
  const low = from === null ? min : Math.max(Date.parse(from) / 1000, min);
  const high = to === null ? max : Math.min(Date.parse(to) / 1000, max);
  const left = plot.valToPos(low, "x");
  plot.setSelect({ left, width: Math.max(plot.valToPos(high, "x") - left, 0), top: 0, height }, false);
}
