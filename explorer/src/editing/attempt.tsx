import { useState } from "preact/hooks";
import { ApiError, words } from "../api";
import { CONFLICT } from "../catalog";

/** How far something is that changes the catalog, or how it ended. */
interface State {
  readonly runs: boolean;
  readonly told: string;
  readonly trouble: string;
  /** Whether it failed because somebody else changed the object since it was loaded. */
  readonly isStale: boolean;
}

/** Changes the catalog; `tell` is told how far it is, and what is returned is said at the end. */
type Work = (tell: (text: string) => void) => Promise<string> | string;

export interface Attempt extends State {
  readonly run: (work: Work, first?: string) => Promise<void>;
}

const REST: State = { runs: false, told: "", trouble: "", isStale: false };

/** Saving or deleting, tried any number of times. */
export function useAttempt(): Attempt {
  const [state, set] = useState(REST);
  const tell = (told: string) => set({ ...REST, runs: true, told });
  const run = async (work: Work, first = "") => {
    tell(first);
    try {
      set({ ...REST, told: await work(tell) });
    } catch (error) {
      set({ ...REST, trouble: words(error), isStale: error instanceof ApiError && error.status === CONFLICT });
    }
  };
  return { ...state, run };
}

interface Props {
  readonly attempt: Attempt;
  /** Load the object as somebody else left it. */
  readonly onReload: () => void;
}

/** What came of an attempt, and the way on where somebody else was faster. */
export function Outcome({ attempt: { told, trouble, isStale }, onReload }: Props) {
  return (
    <>
      <p class="quiet" role="status">
        {told}
      </p>
      <div role="alert">{trouble !== "" && <p class="trouble">{trouble}</p>}</div>
      {isStale && (
        <button type="button" onClick={onReload}>
          Load it as it is now
        </button>
      )}
    </>
  );
}
