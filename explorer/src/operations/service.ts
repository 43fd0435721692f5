import { claimsOf } from "../session/claims";

/** What `GET /operations` answers, as far as the page shows it. */
export interface Service {
  readonly queues: readonly Queue[];
  readonly rollups: Lag & { readonly products: number };
  readonly mirror: Lag & { readonly months: number };
  readonly failed_uploads: {
    readonly count: number;
    readonly complete: boolean;
    readonly reasons: readonly Reason[];
  };
}

export interface Queue {
  readonly name: string;
  readonly waiting: number;
  readonly running: number;
  readonly dead_letters: number;
  readonly oldest_dead_letter: string | null;
  readonly letters: readonly Letter[];
}

export interface Letter {
  readonly sent: string;
  readonly about: string;
  readonly reason: string | null;
}

interface Lag {
  readonly oldest_change: string | null;
  readonly lag_seconds: number;
  readonly complete: boolean;
}

export interface Reason {
  readonly reason: string;
  readonly count: number;
  readonly latest: string;
  readonly image_id: string;
}

export interface Redriven {
  readonly sent_again: number;
  readonly dead_letters: number;
}

const ADMIN = "internal:platform-admin";
const READER = "internal:platform-ro";

/**
 * Return what a token says its owner is: one who acts, one who looks, or none of both.
 *
 * The page offers what follows from it. Whether it is done the API decides, by the verified token.
 */
export function operatorOf(token: string | null): "acts" | "looks" | null {
  const groups = groupsIn(token);
  return groups.includes(ADMIN) ? "acts" : groups.includes(READER) ? "looks" : null;
}

function groupsIn(token: string | null): readonly unknown[] {
  const { groups, "cognito:groups": ofPool } = claimsOf(token);
  return [groups, ofPool].flatMap((each) => (Array.isArray(each) ? (each as unknown[]) : []));
}

const UNITS = [
  [86_400, "day"],
  [3600, "hour"],
  [60, "minute"],
] as const;

/** Return a span of time in words, by its largest unit. */
export function spanInWords(seconds: number): string {
  for (const [length, unit] of UNITS) {
    const number = Math.floor(seconds / length);
    if (number > 0) {
      return `${number} ${unit}${number === 1 ? "" : "s"}`;
    }
  }
  return "less than a minute";
}

/** Return how far something is behind; `what` is counted, in the singular. */
export function lagInWords(count: number, what: string, seconds: number, complete: boolean): string {
  if (count === 0) {
    return "hold all changes.";
  }
  const counted = `${complete ? "" : "at least "}${count.toLocaleString("en")} ${what}${count === 1 ? "" : "s"}`;
  return `lack changes of ${counted}, the oldest ${spanInWords(seconds)} ago.`;
}
