import { hasEnded, mayTry, type Row } from "./queue";

/** How many images of the list are how far. */
export interface Counts {
  readonly done: number;
  readonly there: number;
  readonly failed: number;
  /** Of those that failed, which can be tried again. */
  readonly again: number;
  /** Those that wait for their time. */
  readonly asked: number;
  /** Of those, which have it now. */
  readonly answered: number;
  readonly ended: number;
}

export function countsOf(rows: readonly Row[]): Counts {
  const those = (state: Row["state"]["value"]) => rows.filter((row) => row.state.value === state);
  const [failed, asked] = [those("failed"), those("asked")];
  return {
    done: those("done").length,
    there: those("there").length,
    failed: failed.length,
    again: failed.filter(mayTry).length,
    asked: asked.length,
    answered: asked.filter(mayTry).length,
    ended: rows.filter((row) => hasEnded(row.state.value)).length,
  };
}

/** Return how far a list is, in words. */
export function inWords({ done, asked, there, failed }: Counts, all: number, open: number): string {
  const parts = [
    open > 0 && `${open} on their way`,
    asked > 0 && (asked === 1 ? "1 waits for its time" : `${asked} wait for their times`),
    there > 0 && `${there} there already`,
    failed > 0 && `${failed} failed`,
  ];
  return [`${done} of ${all} in the catalog`, ...parts.filter((each) => each !== false)].join(", ");
}
