import { computed, effect, signal } from "@preact/signals";
import { ask, refusal, token, words } from "../api";
import { untilEnd } from "./claims";

/** How the page signs in by OpenID Connect. */
export interface SignIn {
  readonly issuer: string;
  /** The address of the issuer's discovery document. */
  readonly metadata: string;
  readonly client: string;
  readonly scope: string;
  /** Which of the issuer's tokens the API is sent. */
  readonly token: "id_token" | "access_token";
}

/** What the stack says about itself. */
export interface Configuration {
  readonly anonymous: boolean;
  readonly signIn: SignIn | null;
  readonly labels: Labels | null;
}

/** Tiles with names of places, and whose they are. */
export interface Labels {
  readonly tiles: string;
  readonly attribution: string;
}

export const configuration = signal<Configuration | null>(null);

/** The labels of the map, where the stack names some. */
export const labels = computed(() => configuration.value?.labels ?? null);

/** Whether the issuer has just sent the caller back, and the token is being asked for. */
export const returning = signal(false);

/** Whether the caller may ask: with a token, or in a stack that lets anybody read. */
export const mayAsk = computed(() => token.value !== null || configuration.value?.anonymous === true);

const answer = takeAnswer();

/** Take what the issuer answered out of the address, before anything else reads or keeps it. */
function takeAnswer(): string | null {
  const here = new URL(location.href);
  const query = here.searchParams;
  if (!query.has("state") || !(query.has("code") || query.has("error"))) {
    return null;
  }
  history.replaceState(null, "", here.pathname + here.hash);
  return here.href;
}

/** Ask the stack about itself, and end a sign-in that the caller comes back from. Throws ApiError. */
export async function configure(): Promise<void> {
  returning.value = answer !== null;
  try {
    const found = await ask<Configuration>("/explorer/config.json");
    configuration.value = found;
    if (answer !== null && found.signIn !== null) {
      const { finish } = await import("./oidc");
      restore(await finish(found.signIn, answer));
    }
  } catch (error) {
    if (configuration.value === null) {
      throw error;
    }
    refusal.value = `Signing in did not work: ${words(error)}`;
    restore(stateOf(error));
  } finally {
    returning.value = false;
  }
}

/** Bring back what the page showed before the caller went to sign in. */
function restore(fragment: string): void {
  if (fragment !== "") {
    history.replaceState(null, "", `${location.pathname}#${fragment}`);
    dispatchEvent(new HashChangeEvent("hashchange"));
  }
}

/** Return what an issuer's refusal brought back of the page's state. */
function stateOf(error: unknown): string {
  const state = (error as { state?: unknown }).state;
  return typeof state === "string" ? state : "";
}

/** Go to the issuer to sign in; the caller comes back to what the page shows now. */
export async function goSignIn(how: SignIn): Promise<void> {
  const { start } = await import("./oidc");
  await start(how, location.hash.replace(/^#/, ""));
}

/** Forget a token that has ended, and say so. */
export function sessionEnded(): void {
  token.value = null;
  refusal.value = "Your session has ended. Sign in again to go on where you are.";
}

const LONGEST_TIMER = 2 ** 31 - 1;

/**
 * Say when the token ends, by what it says itself: whoever waits for an answer need not find out.
 *
 * One that says nothing, that has ended when it comes, or that the API does not take, is told of by
 * the refusal, with its reason. Returns what ends it.
 */
export function followEnd(): () => void {
  return effect(() => {
    const left = untilEnd(token.value, Date.now());
    if (left === null || left === 0 || left > LONGEST_TIMER) {
      return;
    }
    const timer = setTimeout(sessionEnded, left);
    return () => clearTimeout(timer);
  });
}

/** Use a token that was pasted. */
export function signIn(text: string): void {
  refusal.value = null;
  token.value = text.trim().replace(/^Bearer\s+/i, "");
}

/** The token that was forgotten because somebody signed out here. */
export const signedOut = signal<string | null>(null);

/** Forget the token; where it came from the issuer, end the session there, too. */
export async function signOut(): Promise<void> {
  signedOut.value = token.value;
  token.value = null;
  refusal.value = null;
  const how = configuration.value?.signIn ?? null;
  if (how !== null) {
    const { end } = await import("./oidc");
    await end(how);
  }
}
