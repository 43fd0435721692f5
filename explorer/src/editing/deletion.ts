import { ApiError, ask } from "../api";
import { type Amount, amountOf, CONFLICT, get, pathOf, remove, type Resource, search } from "../catalog";

/** What goes when a product goes. `files` is null where there are too many images to look at. */
export interface Extent extends Amount {
  readonly files: number | null;
  readonly bands: number;
}

const MOST_LISTED = 500;

interface Task {
  readonly data: {
    readonly attributes: { readonly status: string; readonly objects_deleted?: number; readonly errors?: readonly string[] | null };
  };
}

export async function extentOf(product: string): Promise<Extent> {
  const filter = [{ op: "eq", name: "product_id", val: product }];
  const [amount, bands] = await Promise.all([amountOf(filter), search("bands", { filter, limit: 0 })]);
  return { ...amount, files: await filesOf(filter, amount.images), bands: bands.meta?.count ?? 0 };
}

async function filesOf(filter: unknown, count: number): Promise<number | null> {
  if (count === 0 || count > MOST_LISTED) {
    return count === 0 ? 0 : null;
  }
  const { data } = await search("images", { filter, limit: MOST_LISTED });
  return data.reduce((all, each) => all + (Array.isArray(each.attributes["files"]) ? each.attributes["files"].length : 0), 0);
}

/**
 * Delete a product that is still as it was looked at, with everything in it; `progress` is told how many images and bands are gone.
 *
 * What is in it goes without looking at its version: so that is looked at first. It is another one when its bands are gone,
 * since the product names those that it is shown by.
 */
export async function removeProduct(product: Resource, progress: (gone: number) => void): Promise<void> {
  const now = await get("product", product.id);
  if (now.version !== product.version) {
    throw new ApiError(CONFLICT, "Somebody else has changed the product since it was loaded: nothing was deleted.");
  }
  const path = `${pathOf("product", product.id)}/delete_related_objects`;
  let task = await ask<Task | null>(path, { body: { data: { type: "product_delete_task" } } });
  while (task !== null && task.data.attributes.status === "RUNNING") {
    progress(task.data.attributes.objects_deleted ?? 0);
    await new Promise((go) => setTimeout(go, 300));
    task = await ask<Task>(path);
  }
  if (task?.data.attributes.status === "FAILURE") {
    throw new Error(`Not everything could be deleted: ${(task.data.attributes.errors ?? []).join("; ")}`);
  }
  await remove("product", await get("product", product.id));
}

export function removeImage(image: Resource): Promise<void> {
  return remove("image", image);
}
