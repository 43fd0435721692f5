import { computed, signal } from "@preact/signals";
import { ask, refusal, token } from "../api";

/** What the stack says about itself. */
export interface Configuration {
  readonly anonymous: boolean;
  readonly localSignIn: boolean;
}

export const configuration = signal<Configuration | null>(null);

/** Whether the caller may ask: with a token, or in a stack that lets anybody read. */
export const mayAsk = computed(() => token.value !== null || configuration.value?.anonymous === true);

/** Ask the stack about itself. Throws ApiError. */
export async function configure(): Promise<void> {
  configuration.value = await ask<Configuration>("/explorer/config.json");
}

/** Get the token of the local issuer: only a stack on a laptop has one to give. */
export async function signInHere(): Promise<void> {
  const answer = await ask<{ token: string }>("/explorer/token", { method: "POST" });
  signIn(answer.token);
}

export function signIn(text: string): void {
  refusal.value = null;
  token.value = text.trim().replace(/^Bearer\s+/i, "");
}

export function signOut(): void {
  token.value = null;
  refusal.value = null;
}
