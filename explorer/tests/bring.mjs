// Scenarios of bringing images in.
import { readFileSync } from "node:fs";
import { basename } from "node:path";
import { open, signIn } from "./page.mjs";

/** Drop files onto the page as a file manager does. */
export async function drop(page, files) {
  const sent = files.map(({ path, name }) => ({ name: name ?? basename(path), bytes: readFileSync(path).toString("base64") }));
  await page.evaluate((all) => {
    const data = new window.DataTransfer();
    for (const { name, bytes } of all) {
      const content = Uint8Array.from(window.atob(bytes), (each) => each.charCodeAt(0));
      data.items.add(new window.File([content], name));
    }
    const place = document.querySelector(".dropzone") ?? document.body;
    for (const type of ["dragover", "drop"]) {
      place.dispatchEvent(new window.DragEvent(type, { dataTransfer: data, bubbles: true, cancelable: true }));
    }
  }, sent);
}

/** What the list says of each image. */
export async function rows(page) {
  return page.locator(".row").evaluateAll((all) =>
    all.map((each) => ({
      name: each.querySelector("strong")?.textContent,
      state: each.className.replace("row ", ""),
      words: [...each.querySelectorAll("p")].map((p) => p.textContent).join(" | "),
    })),
  );
}

/** Wait until nothing on the list moves any more. */
export async function settled(page, count) {
  await page.waitForFunction((wanted) => {
    const all = [...document.querySelectorAll(".row")];
    return all.length === wanted && all.every((each) => /done|failed|there/.test(each.className));
  }, count);
}

export const bringing = {
  /** An empty catalog, a GeoTIFF that is dropped on it, the product it proposes, the image on the map. */
  async firstImage({ url, token, files, name }) {
    const { context, page, seen } = await open(url);
    await signIn(page, token);
    const empty = await page.locator(".results .empty").textContent();
    await drop(page, files);
    const form = page.getByRole("form", { name: "New product" });
    await form.waitFor();
    const bands = await form.locator(".bands summary").allTextContents();
    await form.getByLabel("Name").first().fill(name);
    await form.getByRole("button", { name: /^Create the product/ }).click();
    await settled(page, 1);
    const [row] = await rows(page);
    await page.getByRole("button", { name: "Show it" }).click();
    await page.locator(".preview img").waitFor();
    await page.locator('.map[data-drawn*="footprint"]').waitFor();
    await page.waitForLoadState("networkidle");
    await page.waitForTimeout(500);
    const canvas = page.locator(".map canvas").first();
    const png = (await canvas.screenshot()).toString("base64");
    const address = page.url();
    const injected = await page.locator("main img[src=x], main script").count();
    await context.close();
    return { ...seen, empty, bands, row, png, address, injected };
  },
};
