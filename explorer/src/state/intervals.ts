export const INTERVALS = ["minute", "hour", "day", "month", "year"] as const;
export type Interval = (typeof INTERVALS)[number];

const SECONDS: Record<Interval, number> = {
  minute: 60,
  hour: 3_600,
  day: 86_400,
  month: 2_629_800,
  year: 31_557_600,
};
const MOST_BARS = 400;

/** A bar of the histogram: times in seconds since 1970, its end not included. */
export interface Bar {
  readonly start: number;
  readonly end: number;
  readonly count: number;
}

/** A part of the time that a histogram shows: ends that are null are open. */
export interface Part {
  readonly from: string | null;
  readonly to: string | null;
  readonly interval: Interval;
}

/** Return the shortest interval of which not too many reach from one time to another. */
export function intervalFor(from: number, to: number): Interval {
  return INTERVALS.find((each) => (to - from) / SECONDS[each] <= MOST_BARS) ?? "year";
}

/** Return when the interval begins that a time (seconds) lies in. */
export function startOf(time: number, interval: Interval): number {
  const date = new Date(time * 1000);
  if (interval === "year") {
    return firstOf(date.getUTCFullYear());
  }
  if (interval === "month") {
    return firstOf(date.getUTCFullYear(), date.getUTCMonth());
  }
  return Math.floor(time / SECONDS[interval]) * SECONDS[interval];
}

/** Return when a month begins: Date.UTC takes years before 100 for those after 1900. */
function firstOf(year: number, month = 0): number {
  return new Date(0).setUTCFullYear(year, month, 1) / 1000;
}

/** Return when the next interval begins. */
export function endOf(time: number, interval: Interval): number {
  const date = new Date(startOf(time, interval) * 1000);
  if (interval === "year") {
    return firstOf(date.getUTCFullYear() + 1);
  }
  if (interval === "month") {
    return firstOf(date.getUTCFullYear(), date.getUTCMonth() + 1);
  }
  return date.getTime() / 1000 + SECONDS[interval];
}

/** Return all bars between the first and the last bucket of an answer, those of nothing included. */
export function bars(buckets: readonly { key: string; frequency: number }[], interval: Interval): Bar[] {
  const counts = new Map(buckets.map((each) => [Date.parse(each.key) / 1000, each.frequency]));
  const times = [...counts.keys()].sort((a, b) => a - b);
  const last = times.at(-1);
  const found: Bar[] = [];
  for (let start = times[0]; start !== undefined && last !== undefined && start <= last; ) {
    const end = endOf(start, interval);
    found.push({ start, end, count: counts.get(start) ?? 0 });
    start = end;
  }
  return found;
}

/** Return the bars that a brush touches as a time filter, or null if it touches none. */
export function brushed(all: readonly Bar[], from: number, to: number): { from: string; to: string | null } | null {
  const touched = all.filter((bar) => bar.end > from && bar.start < to);
  const first = touched[0];
  const last = touched.at(-1);
  return first && last ? { from: instant(first.start), to: until(last.end) } : null;
}

const YEAR_10000 = 253_402_300_800;

/** Return an end of times as the API takes it: it knows no years of five digits, so that one there is open. */
function until(seconds: number): string | null {
  return seconds >= YEAR_10000 ? null : instant(seconds);
}

export function instant(seconds: number): string {
  return new Date(seconds * 1000).toISOString();
}

/**
 * Return the part of some bars that a nearer look would show, by whole intervals, or null if that
 * would not tell more: it has neither shorter bars nor much fewer of them.
 */
export function nearer(all: readonly Bar[], interval: Interval, from: string | null, to: string | null): Part | null {
  const [low, high] = [from === null ? -Infinity : Date.parse(from) / 1000, to === null ? Infinity : Date.parse(to) / 1000];
  const filled = all.filter((bar) => bar.count > 0 && bar.end > low && bar.start < high);
  const [first, last] = [filled[0], filled.at(-1)];
  if (first === undefined || last === undefined || (from === null && to === null)) {
    return null;
  }
  const shorter = intervalFor(Math.max(low, first.start), Math.min(high, last.end));
  const isShorter = INTERVALS.indexOf(shorter) < INTERVALS.indexOf(interval);
  const number = all.indexOf(last) - all.indexOf(first) + 1;
  if (!isShorter && (number === 1 || number > all.length / 4)) {
    return null;
  }
  return {
    from: from === null ? null : instant(startOf(low, shorter)),
    to: to === null ? null : until(endOf(high - 0.001, shorter)),
    interval: shorter,
  };
}

/** Return whether a part of the time has all of the times of a search. */
export function holds(part: Part, from: string | null, to: string | null): boolean {
  const after = part.from === null || (from !== null && Date.parse(from) >= Date.parse(part.from));
  return after && (part.to === null || (to !== null && Date.parse(to) <= Date.parse(part.to)));
}

/** How far apart the marks of an axis may be: some intervals of one kind. */
const STEPS: readonly (readonly [Interval, readonly number[]])[] = [
  ["minute", [1, 2, 5, 10, 15, 30]],
  ["hour", [1, 2, 3, 6, 12]],
  ["day", [1, 2, 7, 14]],
  ["month", [1, 2, 3, 6]],
  ["year", [1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000]],
];

/** Marks of an axis of time (seconds), and the interval that they are whole ones of. */
export interface Marks {
  readonly times: readonly number[];
  readonly interval: Interval;
}

/** Return the marks of an axis from one time to another: about as many as there is room for. */
export function marksOf(low: number, high: number, room: number): Marks {
  const all = STEPS.flatMap(([interval, numbers]) => numbers.map((number) => ({ interval, number })));
  const fits = ({ interval, number }: (typeof all)[number]) => (high - low) / (SECONDS[interval] * number) <= room;
  const { interval, number } = all.find(fits) ?? { interval: "year", number: 5_000 };
  const times: number[] = [];
  for (let at = low; at <= high; ) {
    const start = startOf(at, interval);
    if (start >= low && ordinal(start, interval) % number === 0) {
      times.push(start);
    }
    at = endOf(at, interval);
  }
  return { times, interval };
}

/** Return how many intervals lie between year 0, or 1970, and one. */
function ordinal(start: number, interval: Interval): number {
  const date = new Date(start * 1000);
  if (interval === "year") {
    return date.getUTCFullYear();
  }
  return interval === "month" ? date.getUTCFullYear() * 12 + date.getUTCMonth() : start / SECONDS[interval];
}

/** Return what marks are called, in UTC: the day, below the time, where it is another one than before. */
export function namesOf({ times, interval }: Marks): string[] {
  let before = "";
  return times.map((time) => {
    const text = instant(time);
    if (interval === "year") {
      return String(new Date(time * 1000).getUTCFullYear()).padStart(4, "0");
    }
    if (interval === "month" || interval === "day") {
      return text.slice(0, interval === "month" ? 7 : 10);
    }
    const day = text.slice(0, 10);
    const name = day === before ? text.slice(11, 16) : `${text.slice(11, 16)}\n${day}`;
    before = day;
    return name;
  });
}
