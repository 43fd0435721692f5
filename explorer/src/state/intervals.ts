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

/** Return the shortest interval of which not too many reach from one time to another. */
export function intervalFor(from: number, to: number): Interval {
  return INTERVALS.find((each) => (to - from) / SECONDS[each] <= MOST_BARS) ?? "year";
}

/** Return when the interval begins that a time (seconds) lies in. */
export function startOf(time: number, interval: Interval): number {
  const date = new Date(time * 1000);
  if (interval === "year") {
    return Date.UTC(date.getUTCFullYear(), 0) / 1000;
  }
  if (interval === "month") {
    return Date.UTC(date.getUTCFullYear(), date.getUTCMonth()) / 1000;
  }
  return Math.floor(time / SECONDS[interval]) * SECONDS[interval];
}

/** Return when the next interval begins. */
export function endOf(time: number, interval: Interval): number {
  const date = new Date(startOf(time, interval) * 1000);
  if (interval === "year") {
    return Date.UTC(date.getUTCFullYear() + 1, 0) / 1000;
  }
  if (interval === "month") {
    return Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1) / 1000;
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
export function brushed(all: readonly Bar[], from: number, to: number): { from: string; to: string } | null {
  const touched = all.filter((bar) => bar.end > from && bar.start < to);
  const first = touched[0];
  const last = touched.at(-1);
  return first && last ? { from: instant(first.start), to: instant(last.end) } : null;
}

export function instant(seconds: number): string {
  return new Date(seconds * 1000).toISOString();
}
