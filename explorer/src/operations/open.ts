import { signal } from "@preact/signals";

/** Whether the side shows how the service is doing. */
export const operating = signal(false);
