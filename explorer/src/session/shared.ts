import { effect } from "@preact/signals";
import { token } from "../api";
import { signIn } from "./session";

const NAME = "swath-session";
const ASKS = "who is signed in?";

/**
 * Let other open pages of this address, in other tabs, have the token: it goes from memory to memory.
 *
 * Only pages of the same origin are reached by a channel. Returns what ends it.
 */
export function handOver(): () => void {
  const channel = new BroadcastChannel(NAME);
  channel.onmessage = ({ data }: MessageEvent<unknown>) => {
    if (data === ASKS && token.value !== null) {
      channel.postMessage({ token: token.value });
    }
  };
  return () => channel.close();
}

/** Take over the token of a page that is open in another tab, unless there is one here by then. */
export function takeOver(): () => void {
  const channel = new BroadcastChannel(NAME);
  const stop = effect(() => {
    if (token.value !== null) {
      channel.close();
    }
  });
  channel.onmessage = ({ data }: MessageEvent<unknown>) => {
    const given = (data as { token?: unknown } | null)?.token;
    if (typeof given === "string" && token.value === null) {
      signIn(given);
    }
  };
  channel.postMessage(ASKS);
  return () => {
    stop();
    channel.close();
  };
}
