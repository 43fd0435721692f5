import type { ComponentChildren } from "preact";
import { useCallback, useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { defaultRangeExtractor, useVirtualizer, type VirtualItem } from "@tanstack/react-virtual";
import { withNeighbours } from "../state/rows";

interface Props<T> {
  /** By which the list is known when it is drawn anew after something else took its place. */
  readonly name: string;
  readonly class: string;
  readonly items: readonly T[];
  readonly keyOf: (item: T) => string;
  readonly row: (item: T) => ComponentChildren;
  /** How high a row is before it is measured. */
  readonly height: number;
  /** How many rows there are in all; -1 while that is not known. */
  readonly size: number;
  /** Is told which row is the last one drawn. */
  readonly onLast?: (index: number) => void;
  readonly children?: ComponentChildren;
}

/** Where a list was, and how high its rows were. */
interface Place {
  readonly first: string;
  readonly offset: number;
  readonly rows: VirtualItem[];
}

const places = new Map<string, Place>();

/**
 * A list of any length in a region of its own that scrolls: only rows near what is seen are drawn.
 *
 * Rows lie as they would without that, with room in place of those that are not drawn. The row that has the focus, and
 * those beside it, are drawn wherever the list is scrolled to: so Tab goes on from there.
 */
export function VirtualList<T>({ name, class: kind, items, keyOf, row, height, size, onLast, children }: Props<T>) {
  const scroller = useRef<HTMLDivElement>(null);
  const [focused, setFocused] = useState<string | null>(null);
  const keyAt = useCallback((at: number) => (items[at] === undefined ? at : keyOf(items[at])), [items, keyOf]);
  const first = items[0] === undefined ? "" : keyOf(items[0]);
  const [place] = useState(() => (places.get(name)?.first === first ? places.get(name) : undefined));
  const at = focused === null ? -1 : items.findIndex((each) => keyOf(each) === focused);
  const virtual = useVirtualizer<HTMLDivElement, HTMLLIElement>({
    count: items.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => height,
    getItemKey: keyAt,
    measureElement: (row) => row.getBoundingClientRect().height,
    initialOffset: place?.offset ?? 0,
    initialMeasurementsCache: place?.rows ?? [],
    overscan: 6,
    rangeExtractor: (range) => withNeighbours(defaultRangeExtractor(range), at, range.count),
  });
  const rows = virtual.getVirtualItems();
  const last = rows.at(-1)?.index ?? 0;
  useEffect(() => onLast?.(last), [last, items.length]);
  const shown = useRef(first);
  shown.current = first;
  useLayoutEffect(() => {
    const element = scroller.current;
    return () => {
      const offset = element?.scrollTop ?? 0;
      places.set(name, { first: shown.current, offset, rows: virtual.takeSnapshot() });
    };
  }, [name]);
  let end = 0;
  return (
    <div class={kind} ref={scroller}>
      <ul
        style={{ paddingBottom: `${virtual.getTotalSize() - (rows.at(-1)?.end ?? 0)}px` }}
        onFocusIn={({ target }) => setFocused(target instanceof Element ? (target.closest("li")?.dataset["key"] ?? null) : null)}
        onFocusOut={({ currentTarget, relatedTarget }) => {
          // a window that is left keeps what has the focus; drawn between leaving a row and coming to the next, that would go
          const next = relatedTarget instanceof Node ? relatedTarget : document.activeElement;
          if (!currentTarget.contains(next)) {
            setFocused(null);
          }
        }}
      >
        {rows.map(({ index, start, end: after, key }) => {
          const item = items[index];
          const room = start - end;
          end = after;
          return (
            item !== undefined && (
              <li
                key={key}
                ref={virtual.measureElement}
                data-index={index}
                data-key={key}
                aria-setsize={size}
                aria-posinset={index + 1}
                style={{ marginTop: room > 0.01 ? `${room}px` : "" }}
              >
                {row(item)}
              </li>
            )
          );
        })}
      </ul>
      {children}
    </div>
  );
}
