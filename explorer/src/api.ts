import { signal } from "@preact/signals";

/** Where the API is: the page is told by its base address, which ends with a slash. */
export const ROOT = new URL(".", document.baseURI).href.replace(/\/$/, "");

/** The caller's token. It lives here only: in no address, cookie or storage. */
export const token = signal<string | null>(null);

/** Why the caller has to sign in (again), in words; null while nothing was refused for that. */
export const refusal = signal<string | null>(null);

/** An answer that is none: its status (0: nothing came), and what the API says about it. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

export interface Ask {
  readonly method?: string;
  readonly body?: unknown;
  readonly signal?: AbortSignal;
  readonly headers?: Record<string, string>;
}

/** Ask the API and return its JSON. Throws ApiError, or an AbortError where the caller gave up. */
export async function ask<T>(path: string, options: Ask = {}): Promise<T> {
  const response = await send(path, options);
  return (response.status === 204 ? null : await response.json()) as T;
}

export async function send(path: string, options: Ask = {}): Promise<Response> {
  const sent = token.value;
  let response: Response;
  try {
    response = await fetch(path.startsWith("http") ? path : ROOT + path, {
      method: options.method ?? (options.body === undefined ? "GET" : "POST"),
      headers: { ...authorization(), ...options.headers },
      ...(options.body === undefined ? {} : { body: JSON.stringify(options.body) }),
      ...(options.signal === undefined ? {} : { signal: options.signal }),
    });
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") {
      throw error;
    }
    throw new ApiError(0, "The catalog does not answer. Look at the network, then try again.");
  }
  if (response.ok) {
    return response;
  }
  const reason = await reasonFrom(response);
  if (response.status === 401 && sent === token.value) {
    refused(sent === null ? (refusal.value ?? "") : refusedWords(reason)); // why it ended stays
  }
  throw new ApiError(response.status, advice(response, reason));
}

/** What an error answer says, and what to do about it where that is to wait. */
function advice(response: Response, reason: string): string {
  const seconds = Number(response.headers.get("Retry-After") ?? 0);
  const soon = seconds > 0 ? `in ${seconds} second${seconds === 1 ? "" : "s"}` : "in a moment";
  if (response.status === 429) {
    return `You ask more often than the catalog allows: try again ${soon}. (${reason})`;
  }
  if ([502, 503, 504].includes(response.status)) {
    return `The catalog has too much to do just now: try again ${soon}. (${reason})`;
  }
  return response.status === 500 ? `The catalog failed at this; its operator finds why in its log. (${reason})` : reason;
}

export function authorization(): Record<string, string> {
  return token.value === null ? {} : { Authorization: `Bearer ${token.value}` };
}

/** What somebody is told whose token the API does not take, and what to do then. */
export function refusedWords(reason: string): string {
  return `The catalog refused the token: ${reason}. Sign in, or use another token.`;
}

/** Forget a token that the API does not take, and why. */
export function refused(why: string): void {
  refusal.value = why;
  token.value = null;
}

interface ErrorBody {
  readonly description?: string;
  readonly errors?: readonly { readonly detail?: string; readonly title?: string }[];
}

/** Return what the body of an error says: STAC's description, or the details of JSON:API. */
export function reasonOf(body: unknown): string | undefined {
  const { description, errors } = body as ErrorBody;
  return description ?? errors?.map((each) => each.detail ?? each.title ?? "").join("; ");
}

async function reasonFrom(response: Response): Promise<string> {
  try {
    return reasonOf(await response.json()) ?? response.statusText;
  } catch {
    return response.statusText || `status ${response.status}`;
  }
}

export function isAbort(error: unknown): boolean {
  return error instanceof DOMException && error.name === "AbortError";
}

export function words(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
