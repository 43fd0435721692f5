// Scenarios of bringing images in.
import { readFileSync } from "node:fs";
import { basename } from "node:path";
import { open, signIn, violations } from "./page.mjs";

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
    return all.length === wanted && all.every((each) => /asked|done|failed|there/.test(each.className));
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
    const found = await violations(page);
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
    return { ...seen, empty, bands, row, png, address, injected, found };
  },

  /** What goes wrong: files that are none, a connection that breaks, a token that ends, an image that is there. */
  async trouble({ url, token, product, files, undated, there }) {
    const { context, page, seen } = await open(url, { width: 420, height: 760 });
    await signIn(page, token);
    await page.locator("#results").filter({ hasText: /image/ }).waitFor();
    const once = { cut: 0, ended: 0 };
    await page.route(/\/uploads\//, (route) => ((once.cut += 1) === 1 ? route.abort("connectionreset") : route.continue()));
    await page.route(/\/uploads_v2$/, (route) => {
      const isFirst = route.request().method() === "POST" && (once.ended += 1) === 3;
      const body = JSON.stringify({ errors: [{ detail: "the token has expired" }] });
      return isFirst ? route.fulfill({ status: 401, contentType: "application/json", body }) : route.continue();
    });
    await page.getByRole("button", { name: "Bring images in" }).click();
    await page.getByLabel("Into the product").selectOption(product);
    await drop(page, files);
    await page.getByText("the token has expired").waitFor();
    await signIn(page, token);
    await settled(page, files.length);
    const first = await rows(page);
    await page.getByLabel(`When ${undated} was acquired (UTC)`).fill("2024-06-01T12:00");
    await page.locator(".row", { hasText: undated }).getByRole("button", { name: "Send it" }).click();
    await page.getByRole("button", { name: `Replace it ${there}` }).click();
    await settled(page, files.length);
    const last = await rows(page);
    const injected = await page.locator("main img[src=x], main script").count();
    const found = await violations(page);
    await page.getByLabel("Colours").first().selectOption("dark");
    found.push(...(await violations(page, ["color-contrast"])));
    const wide = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
    await context.close();
    seen.errors = seen.errors.filter((each) => !each.includes("ERR_CONNECTION_RESET"));
    return { ...seen, first, last, injected, found, wide, once };
  },

  /** Files dropped beside one product: it is asked which one they are for, and nothing is sent before that is said. */
  async dropped({ url, token, files }) {
    const { context, page, seen } = await open(url, { width: 420, height: 760 });
    const sent = [];
    page.on("request", (request) => {
      if (["POST", "PUT"].includes(request.method()) && /\/(uploads_v2|images|products|uploads\/.*)$/.test(new URL(request.url()).pathname)) {
        sent.push(`${request.method()} ${new URL(request.url()).pathname}`);
      }
    });
    await signIn(page, token);
    await page.locator("#results").filter({ hasText: /image/ }).waitFor();
    await drop(page, files);
    const asked = page.getByRole("status").filter({ hasText: "Into which product?" });
    const into = asked.getByRole("button", { name: /^Into / });
    await into.waitFor();
    const question = await asked.locator("p").textContent();
    const offered = await into.textContent();
    const choice = await page.getByLabel("Into the product").evaluate((select) => select.selectedOptions[0].textContent.trim());
    const waiting = await page.getByRole("region", { name: "Files that wait" }).locator("li > span").allTextContents();
    await page.waitForTimeout(1000);
    const posted = () => sent.filter((each) => each.startsWith("POST") || each.includes("/uploads/"));
    const before = [...posted()];
    const found = await violations(page);
    await into.click();
    await asked.waitFor({ state: "detached" });
    const chosen = await page.getByLabel("Into the product").inputValue();
    await settled(page, files.length);
    const states = (await rows(page)).map(({ name, state }) => [name, state]).sort();
    const injected = await page.locator("main img[src=x], main script").count();
    await context.close();
    return { ...seen, question, offered, choice, waiting, before, after: posted(), chosen, states, injected, found };
  },

  /** The bytes that "Download" of a file brings, and what the page is afterwards. */
  async download({ url, token }) {
    const { context, page, seen } = await open(url);
    await signIn(page, token);
    const files = page.locator("details", { hasText: "Files" }).last();
    const buttons = files.getByRole("button", { name: /^Download/ });
    await buttons.first().waitFor();
    const names = await files.locator("li strong").allTextContents();
    const address = page.url();
    const brought = new Promise((go) => {
      page.on("download", go);
      context.on("page", (opened) => opened.on("download", go));
    });
    await buttons.first().click();
    const download = await brought;
    const bytes = readFileSync(await download.path()).toString("base64");
    const still = [page.url() === address, await page.locator("#image").count()];
    await context.close();
    return { ...seen, names, name: download.suggestedFilename(), from: download.url(), bytes, still };
  },

  /** Many files: paused, gone on with, and dropped again after the page was loaded anew in the middle. */
  async many({ url, token, product, files }) {
    const { context, page, seen } = await open(url, { width: 800, height: 700 });
    const sent = [];
    page.on("response", (response) => {
      if (response.request().method() === "PUT" && /\/uploads\//.test(response.url()) && response.ok()) {
        sent.push(new URL(response.url()).pathname);
      }
    });
    const begin = async () => {
      await signIn(page, token);
      await page.locator("#results").filter({ hasText: /image/ }).waitFor();
      await page.getByRole("button", { name: "Bring images in" }).click();
      await page.getByLabel("Into the product").selectOption(product);
      await drop(page, files);
    };
    const arrived = (count) =>
      page.waitForFunction((wanted) => document.querySelectorAll(".row.taken, .row.done").length >= wanted, count);
    await begin();
    await arrived(5);
    await page.getByRole("button", { name: "Pause" }).click();
    await page.waitForFunction(() => document.querySelectorAll(".row.sending").length === 0);
    const paused = sent.length;
    await page.waitForTimeout(1000);
    const still = sent.length;
    await page.getByRole("button", { name: "Go on" }).click();
    await arrived(files.length / 2);
    await page.reload();
    await begin();
    await settled(page, files.length);
    const states = (await rows(page)).map(({ state }) => state);
    const found = await violations(page);
    await context.close();
    seen.errors = seen.errors.filter((each) => !each.includes("ERR_ABORTED"));
    return { ...seen, sent, paused, still, states, found };
  },

  /** Two images of the same ground, the second over the right half of the map, by keyboard. */
  async compare({ url, token, other }) {
    const { context, page, seen } = await open(url);
    await signIn(page, token);
    await page.getByText("Compare with another image").click();
    const select = page.getByLabel("Of the same ground");
    await select.locator("option").nth(1).waitFor({ state: "attached" });
    const offered = await select.locator("option").allTextContents();
    await select.selectOption(other);
    await page.locator(".second[data-drawn]").waitFor();
    await page.waitForLoadState("networkidle");
    await page.waitForTimeout(500);
    const picture = async () => (await page.locator(".mapbox").screenshot()).toString("base64");
    const half = await picture();
    await page.getByLabel("Right of the line").focus();
    await page.keyboard.press("End");
    await page.waitForTimeout(200);
    const none = await picture();
    const found = await violations(page);
    const address = page.url();
    await context.close();
    return { ...seen, offered, half, none, address, found };
  },
};
