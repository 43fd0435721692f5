import { effect } from "@preact/signals";
import { refusal, token } from "../api";
import { claimsOf, isSameCaller } from "./claims";
import { signedOut, signIn } from "./session";

const NAME = "swath-session";
const ASKS = "who is signed in?";

/**
 * Let other open pages of this address, in other tabs, have the token: it goes from memory to memory.
 *
 * They get it when they ask, and the next one when this page renews it; when somebody signs out here,
 * they are told to forget it. Only pages of the same
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
  const stopTelling = effect(() => {
    if (signedOut.value !== null) {
      channel.postMessage({ signedOut: signedOut.value });
    }
  });
  return () => {
    stop();
    stopTelling();
    channel.close();
  };
}

/**
 * Take over the token of a page that is open in another tab, and those that it renews it with.
 *
 * One that was pasted here stays; so does the page of who signs out here. When a token has ended,
 * another page may have a newer one. A page that somebody uses never becomes somebody else's: only
 * tokens of the same user follow. Signing out there signs out here. Returns what ends it.
 */
export function takeOver(): () => void {
  const channel = new BroadcastChannel(NAME);
  let taken: string | null = null;
  let last: string | null = null;
  let isAsking = true;
  channel.onmessage = ({ data }: MessageEvent<unknown>) => {
    const { token: given, signedOut: left } = (data ?? {}) as { token?: unknown; signedOut?: unknown };
    if (typeof left === "string" && taken !== null && token.value === taken && (left === taken || isSameCaller(left, taken))) {
      token.value = null;
      return;
    }
    const isFree = token.value === null ? isAsking : token.value === taken;
    const isWanted = isFree && typeof given === "string" && mayFollow(last, given);
    if (isWanted && given !== taken) {
      taken = given;
      signIn(given);
    }
  };
  channel.postMessage(ASKS);
  const stop = effect(() => {
    last = token.value ?? last;
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

function mayFollow(last: string | null, next: string): boolean {
  return last === null || claimsOf(last)["sub"] === undefined || isSameCaller(last, next);
}
