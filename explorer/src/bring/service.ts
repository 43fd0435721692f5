import { ApiError, ask, send } from "../api";
import { pathOf, search } from "../catalog";
import { configuration } from "../session/session";
import { type Begun, Cut, type Declared, PutError, type Row, type Service, SignedOut, type Standing } from "./queue";

const UPLOADS = "/catalog/v2/uploads_v2";
const TRANSFERRING = "transferring";
/** Of uploads whose files have arrived: which content they have is not known any more. */
const UNDER_WAY = ["pending", "running"];
const NOT_FOUND = 404;
const UNAUTHORIZED = 401;
const AT_ONCE = 100;

interface Upload {
  readonly id: string;
  readonly attributes: {
    readonly status: string;
    readonly resumable_urls?: readonly string[] | null;
    readonly part_urls?: Readonly<Record<string, readonly string[]>> | null;
    readonly part_bytes?: number | null;
    readonly image_upload_options?: { readonly image_files?: readonly string[]; readonly upload_size?: number };
  };
}

/** An event of an upload's log. */
export interface UploadEvent {
  readonly event_datetime: string;
  readonly event_type: string;
  readonly severity: string;
  readonly message: string;
}

/** The API's uploads, and the bucket, as the queue uses them. */
export const service: Service = {
  exists: (image) =>
    signedIn(async () => {
      try {
        await send(pathOf("image", image), { method: "HEAD" });
        return true;
      } catch (error) {
        if (error instanceof ApiError && error.status === NOT_FOUND) {
          return false;
        }
        throw error;
      }
    }),
  begun: (row) => signedIn(() => begun(row)),
  declare: (row) => {
    const key = crypto.randomUUID(); // sent again, it finds the upload that the first request made
    return signedIn(async () => {
      const id = `${row.product}:${row.name}`;
      const acquired = row.acquired.peek();
      const image = { name: row.name, product_id: row.product, ...(acquired === null ? {} : { acquired }) };
      const attributes = {
        image_id: id,
        image: { data: { type: "image", id, attributes: image } },
        image_upload_options: {
          upload_type: "file",
          image_files: row.files.map((file) => file.name),
          upload_size: row.size,
        },
      };
      const body = { data: { type: "image_upload", attributes } };
      return declared(await ask<{ data: Upload }>(UPLOADS, { body, headers: { "Idempotency-Key": key } }));
    });
  },
  look: (id) => signedIn(() => look(id)),
  put,
  submit: (id) => signedIn(() => change(id, "pending")),
  cancel: (id) => change(id, "canceled"),
  standings: (rows) => signedIn(() => standings(rows)),
};

async function begun(row: Row): Promise<Begun> {
  const filter = [eq("image_id", `${row.product}:${row.name}`), eq("status", [TRANSFERRING, ...UNDER_WAY])];
  const found = (await search("uploads_v2", { filter, limit: 5 })).data as unknown as Upload[];
  const other = found.find((each) => UNDER_WAY.includes(each.attributes.status));
  if (other !== undefined) {
    return { own: null, other: other.id };
  }
  const same = found.find((each) => takes(each, row.files, row.size));
  const own = same === undefined ? null : await look(same.id);
  return { own: own?.status === TRANSFERRING && own.urls.length > 0 ? own : null, other: null };
}

/** Whether an upload was declared for files of these names and of this size in all: its parts fit no others. */
function takes({ attributes }: Upload, files: readonly File[], size: number): boolean {
  const { image_files: names = [], upload_size: declared } = attributes.image_upload_options ?? {};
  return declared === size && names.length === files.length && files.every((file, at) => file.name === names[at]);
}

async function look(id: string): Promise<Declared> {
  return declared(await ask<{ data: Upload }>(`${UPLOADS}/${id}`));
}

function declared({ data: { id, attributes } }: { data: Upload }): Declared {
  return {
    id,
    status: attributes.status,
    urls: attributes.resumable_urls ?? [],
    parts: attributes.part_urls ?? {},
    partBytes: attributes.part_bytes ?? 0,
  };
}

async function change(id: string, status: string): Promise<void> {
  await ask(`${UPLOADS}/${id}`, { method: "PATCH", body: { data: { type: "image_upload", id, attributes: { status } } } });
}

async function standings(rows: readonly Row[]): Promise<Map<string, Standing>> {
  const ids = rows.flatMap((row) => (row.upload === null ? [] : [row.upload]));
  const products = [...new Set(rows.map((row) => row.product))];
  const found = new Map<string, Standing>();
  for (let at = 0; at < ids.length; at += AT_ONCE) {
    const filter = [eq("product_id", products), eq("id", ids.slice(at, at + AT_ONCE))];
    for (const { id, status, events } of await logs(filter)) {
      found.set(id, { status, message: why(events) });
    }
  }
  return found;
}

/** An upload with its log, oldest first. */
export interface Log {
  readonly id: string;
  readonly status: string;
  readonly events: readonly UploadEvent[];
}

/** Return the uploads of an image that the caller may see, the newest first. */
export function uploadsOf(image: string): Promise<Log[]> {
  return logs([eq("image_id", image)]);
}

async function logs(filter: unknown): Promise<Log[]> {
  const { data, included = [] } = await search("uploads_v2", { filter, include: "events" });
  const events = new Map(included.map((each) => [each.id, each.attributes as unknown as UploadEvent]));
  return data.map((each) => {
    const own = (each.relationships?.events?.data ?? []).flatMap(({ id }) => events.get(id) ?? []);
    own.sort((a, b) => (a.event_datetime < b.event_datetime ? -1 : 1));
    return { id: each.id, status: String(each.attributes["status"]), events: own };
  });
}

/** Return the last thing that went wrong. */
function why(events: readonly UploadEvent[]): string {
  const bad = events.filter((each) => each.severity === "ERROR" || each.severity === "CRITICAL" || each.event_type === "timeout");
  return bad.at(-1)?.message ?? "";
}

function eq(name: string, value: string | readonly string[]): Record<string, unknown> {
  return { op: "eq", name, val: value };
}

/** Say how what is not sent yet goes on: signing in at an issuer leaves the page, and the files with it. */
export function signInWords(): string {
  return (configuration.value?.signIn ?? null) === null
    ? "Sign in again: the rest is sent then."
    : "Sign in again, then drop the same files again: images that have arrived are not sent again.";
}

const ATTEMPTS = 5;
const PASSING = new Set([0, 429, 500, 502, 503, 504]);

let callers = 0;

/** Ask nothing again that an earlier caller asked: it would be asked with the token of this one. */
export function forgetAsked(): void {
  callers += 1;
}

/** Ask again what did not get through, and say that somebody has to sign in where the API says so. */
async function signedIn<T>(task: () => Promise<T>): Promise<T> {
  const asking = callers;
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await task();
    } catch (error) {
      if (!(error instanceof ApiError) || asking !== callers) {
        throw error;
      }
      if (error.status === UNAUTHORIZED) {
        throw new SignedOut(signInWords());
      }
      if (!PASSING.has(error.status) || attempt >= ATTEMPTS) {
        throw error.status === 0 ? new Cut(error.message) : error;
      }
      await new Promise((go) => setTimeout(go, 250 * 2 ** attempt));
      if (asking !== callers) {
        throw error;
      }
    }
  }
}

/** Send a file to the bucket. `fetch` tells nothing of how far it is; no token goes along. */
function put(url: string, content: Blob, progress: (bytes: number) => void, giveUp: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    const abort = () => request.abort();
    request.open("PUT", url);
    request.setRequestHeader("Content-Type", "application/octet-stream");
    request.upload.onprogress = (event) => progress(event.loaded);
    request.onload = () => (request.status < 300 ? resolve() : reject(new PutError(request.status)));
    request.onerror = () => reject(new PutError(0));
    request.onabort = () => reject(new PutError(0));
    request.onloadend = () => giveUp.removeEventListener("abort", abort);
    giveUp.addEventListener("abort", abort);
    if (giveUp.aborted) {
      reject(new PutError(0));
    } else {
      request.send(content);
    }
  });
}
