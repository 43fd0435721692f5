import { batch, signal } from "@preact/signals";
import { bringInto, closeBring } from "../bring/state";
import { ask, token, words } from "../api";
import { managing } from "../editing/state";
import { choose } from "../store";
import { operating } from "./open";
import { operatorOf, type Redriven, type Service } from "./service";
import { forgetStorage } from "./storage";
import { type Page, type Uploads, uploadsOf } from "./uploads";

export { operating };
export const moving = signal<Uploads | null>(null);
export const failed = signal<Uploads | null>(null);
/** How the whole service is doing: told to operators only. */
export const service = signal<Service | null>(null);
export const serviceTrouble = signal("");
/** When uploads were last looked at. */
export const seen = signal<Date | null>(null);
export const operationsTrouble = signal("");

const LISTED = 50;
const UNDER_WAY = ["transferring", "pending", "running"];

export function openOperations(): void {
  closeBring();
  managing.value = null;
  choose(null);
  operating.value = true;
}

export function closeOperations(): void {
  operating.value = false;
}

/** Bring a failed image's files in again: the service kept none of them. */
export function again(product: string): void {
  bringInto(product);
}

/** Forget what was told to a caller: another one signs in. */
export function forgetCaller(): void {
  batch(() => {
    operating.value = false;
    moving.value = null;
    failed.value = null;
    forgetStorage();
    seen.value = null;
    operationsTrouble.value = "";
    service.value = null;
    serviceTrouble.value = "";
  });
}

/** Look at the uploads that the caller may see: of what may be written, and the caller's own. */
export async function lookAtUploads(): Promise<void> {
  const who = token.peek();
  try {
    const [now, ended] = await Promise.all([uploads(UNDER_WAY), uploads(["failure"])]);
    if (who === token.peek()) {
      moving.value = now;
      failed.value = ended;
      seen.value = new Date();
      operationsTrouble.value = "";
    }
  } catch (error) {
    if (who === token.peek()) {
      operationsTrouble.value = words(error);
    }
  }
}

async function uploads(statuses: readonly string[]): Promise<Uploads> {
  const filter = [{ op: "eq", name: "status", val: statuses }];
  const path = "/catalog/v2/uploads_v2?include=events";
  return uploadsOf(await ask<Page>(path, { method: "PUT", body: { filter, sort: "-created", limit: LISTED } }));
}

/** Look at the whole service, where the caller is an operator. */
export async function lookAtService(): Promise<void> {
  const who = token.peek();
  if (operatorOf(who) === null) {
    service.value = null;
    return;
  }
  try {
    const { data } = await ask<{ data: { attributes: Service } }>("/operations");
    if (who === token.peek()) {
      service.value = data.attributes;
      serviceTrouble.value = "";
    }
  } catch (error) {
    if (who === token.peek()) {
      serviceTrouble.value = words(error);
    }
  }
}

/** Have the dead letters of a queue sent again. Throws ApiError. */
export async function redrive(queue: string): Promise<Redriven> {
  const path = `/operations/queues/${encodeURIComponent(queue)}/redrive`;
  const { data } = await ask<{ data: { attributes: Redriven } }>(path, { method: "POST" });
  return data.attributes;
}
