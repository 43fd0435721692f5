import { effect } from "@preact/signals";
import { refusal, token } from "../api";
import { signIn } from "./session";

const NAME = "swath-session";
const ASKS = "who is signed in?";

/**
 * Let other open pages of this address, in other tabs, have the token: it goes from memory to memory.
 *
 * They get it when they ask, and the next one when this page renews it. Only pages of the same
 * origin are reached by a channel. Returns what ends it.
 */
export function handOver(): () => void {
  const channel = new BroadcastChannel(NAME);
  const tell = () => {
    if (token.value !== null) {
      channel.postMessage({ token: token.value });
    }
  };
  channel.onmessage = ({ data }: MessageEvent<unknown>) => {
    if (data === ASKS) {
      tell();
    }
  };
  const stop = effect(tell);
  return () => {
    stop();
    channel.close();
  };
}

/**
 * Take over the token of a page that is open in another tab, and those that it renews it with.
 *
 * One that was pasted here stays; so does the page of who signs out here. When a token has ended,
 * another page may have a newer one. Returns what ends it.
 */
export function takeOver(): () => void {
  const channel = new BroadcastChannel(NAME);
  let taken: string | null = null;
  let isAsking = true;
  channel.onmessage = ({ data }: MessageEvent<unknown>) => {
    const given = (data as { token?: unknown } | null)?.token;
    const isWanted = token.value === null ? isAsking : token.value === taken;
    if (typeof given === "string" && given !== taken && isWanted) {
      taken = given;
      signIn(given);
    }
  };
  channel.postMessage(ASKS);
  const stop = effect(() => {
    const hasEnded = token.value === null && refusal.value !== null;
    if (hasEnded) {
      channel.postMessage(ASKS);
    }
    isAsking = hasEnded || (isAsking && token.value === null);
  });
  return () => {
    stop();
    channel.close();
  };
}
