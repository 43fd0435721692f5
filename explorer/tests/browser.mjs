// Drives the explorer in Chromium for tests/integration/test_explorer*.py: a line of JSON on standard
// input is one scenario and its arguments, a line on standard output what was seen.
import { createInterface } from "node:readline";
import { bringing } from "./bring.mjs";
import { editing } from "./editing.mjs";
import { keyboard } from "./keyboard.mjs";
import { lists } from "./lists.mjs";
import { browser, counted, mark, open, PATIENCE, recounted, signIn, signInByKeys, stroke, tabTo, violations } from "./page.mjs";
import { states } from "./states.mjs";

/** What the table below the histogram has. */
function figures(page) {
  return page.locator(".bars tbody tr").evaluateAll((rows) => rows.map((row) => [...row.cells].map((cell) => cell.textContent)));
}

/** Drag over the histogram from one part of its width to another. */
async function drag(page, from, to) {
  const box = await page.locator(".u-over").boundingBox();
  await page.mouse.move(box.x + box.width * from, box.y + box.height / 2);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width * ((from + to) / 2), box.y + box.height / 2, { steps: 4 });
  await page.mouse.move(box.x + box.width * to, box.y + box.height / 2, { steps: 4 });
  await page.mouse.up();
}

/** Choose few bars, look nearer at them, choose some of those, and go back to all times. */
async function lookNearer(page, before) {
  await drag(page, 0.5, 0.54);
  const few = await recounted(page, before);
  const bars = (await figures(page)).length;
  const asked = [];
  const note = (request) => request.url().endsWith("/stac/aggregate") && asked.push(request.postDataJSON());
  page.on("request", note);
  await page.getByRole("button", { name: "Look nearer" }).click();
  await page.waitForFunction((number) => document.querySelectorAll(".bars tbody tr").length !== number, bars);
  const shown = await figures(page);
  page.off("request", note);
  await drag(page, 0.02, 0.4);
  const fewer = await recounted(page, few);
  const state = new URL(page.url()).hash.slice(1);
  await page.getByRole("button", { name: "All times" }).click();
  await recounted(page, fewer);
  await page.waitForFunction((number) => document.querySelectorAll(".bars tbody tr").length === number, bars);
  return { few, shown, fewer, state, asked: asked.filter((each) => each.aggregations.includes("datetime_frequency")).length };
}

const scenarios = {
  /** Search with a pasted token; brush the histogram; take the link to a fresh browser. */
  async brush({ url, token }) {
    const { context, page, seen } = await open(url);
    await signIn(page, token);
    const all = await counted(page);
    const names = await page.locator(".choices").textContent();
    const flat = await page.getByRole("button", { name: "Flat map" }).getAttribute("aria-pressed");
    const injected = await page.locator("main img[src=x], main script").count();
    await page.locator(".u-over").waitFor();
    await drag(page, 0.3, 0.7);
    const brushed = await recounted(page, all);
    const said = await page.locator(".timewords span").textContent();
    const bars = await figures(page);
    const address = page.url();
    const near = await lookNearer(page, brushed);
    const again = await open(address);
    await signIn(again.page, token);
    const shared = await counted(again.page);
    const from = await again.page.getByLabel("From (UTC)").inputValue();
    const kept = await page.evaluate(() => [
      ...Object.values(window.localStorage), ...Object.values(window.sessionStorage), document.cookie,
    ]);
    await again.context.close();
    await context.close();
    return { ...seen, all, flat, names, injected, brushed, said, bars, near, address, shared, from, kept, again: again.seen };
  },

  /** Brush the histogram with a finger, and scroll over it with one. */
  async touch({ url, token }) {
    const { context, page, seen } = await open(url, { width: 390, height: 844, touch: true });
    await signIn(page, token);
    const all = await counted(page);
    const over = page.locator(".u-over");
    await over.scrollIntoViewIfNeeded();
    const at = async (x, y) => {
      const box = await over.boundingBox();
      return [box.x + box.width * x, box.y + box.height * y];
    };
    await stroke(page, await at(0.3, 0.5), await at(0.7, 0.55));
    const brushed = await recounted(page, all);
    const bars = await figures(page);
    const address = page.url();
    const above = await page.evaluate(() => window.scrollY);
    const [x, y] = await at(0.5, 0.9);
    await stroke(page, [x, y], [x + 10, y - 300]);
    const scrolled = (await page.waitForFunction((from) => window.scrollY - from, above)).jsonValue();
    const selected = await page.locator(".u-select").boundingBox();
    const after = page.url();
    await context.close();
    return { ...seen, all, brushed, bars, address, after, scrolled: await scrolled, selected };
  },

  /** On a telephone: in which order things lie and are reached, and what is on the screen after what is done. */
  async telephone({ url, token }) {
    const { context, page, seen } = await open(url, { width: 390, height: 844, touch: true });
    const top = (selector) => page.locator(selector).first().evaluate((each) => each.getBoundingClientRect().top);
    /** Where something has come to lie, once it is in the upper half of the screen and moves no more. */
    const where = async (selector) => {
      await page.evaluate(() => delete window.lastTop);
      await page.waitForFunction((wanted) => {
        const at = document.querySelector(wanted)?.getBoundingClientRect().top ?? -Infinity;
        const last = window.lastTop;
        window.lastTop = at;
        return at > -2 && at < window.innerHeight / 2 && at === last;
      }, selector, { polling: 300, timeout: PATIENCE });
      return top(selector);
    };
    await page.getByLabel("Token", { exact: true }).waitFor();
    const signing = await top(".signin button");
    await signIn(page, token);
    await counted(page);
    const laid = await page.evaluate(() =>
      ["#side", ".mapbox", ".time", ".results"].map((each) => document.querySelector(each).getBoundingClientRect().top),
    );
    const written = await page.evaluate(() => [...document.querySelectorAll("#side, .mapbox, .time, .results")].map((each) => each.id || each.className));
    await page.locator(".searching > summary").tap();
    await page.getByText("Where", { exact: true }).tap();
    await page.getByRole("button", { name: "Draw a box" }).tap();
    await page.getByRole("button", { name: "Stop drawing" }).waitFor();
    const drawing = await where(".mapbox");
    await page.getByRole("button", { name: "Stop drawing" }).tap();
    await page.locator(".card").first().tap();
    await page.locator(".preview").waitFor();
    const pane = await where("[data-pane]");
    const parts = await page.evaluate(() => [...document.querySelectorAll("#side, .mapbox")].map((each) => each.id || each.className));
    await page.getByRole("button", { name: "Look at it on the map" }).tap();
    const looked = await where(".mapbox");
    await page.locator(".map[data-drawn]").waitFor();
    const map = await page.locator(".map canvas").first().boundingBox();
    await page.touchscreen.tap(map.x + map.width / 2, map.y + map.height / 2);
    await page.locator('[aria-label="Pixel values"]').getByText("at ").first().waitFor();
    const values = await where('[aria-label="Pixel values"]');
    await page.getByRole("button", { name: "To the map" }).tap();
    const again = await where(".mapbox");
    await page.getByRole("button", { name: "Back to the results" }).tap();
    await page.locator(".card").first().waitFor();
    const back = await top(".results");
    await context.close();
    return { ...seen, signing, laid, written, drawing, pane, parts, looked, values, again, back };
  },

  /** Type an area, then draw one. */
  async area({ url, token, typed }) {
    const { context, page, seen } = await open(url);
    await signIn(page, token);
    const all = await counted(page);
    await page.getByText("Where", { exact: true }).click();
    await page.getByLabel(/paste GeoJSON/).fill("hello");
    await page.getByRole("button", { name: "Use this area" }).click();
    const refused = await page.locator("#area-trouble").textContent();
    await page.getByLabel(/paste GeoJSON/).fill(typed);
    await page.getByRole("button", { name: "Use this area" }).click();
    const typedCount = await recounted(page, all);
    await page.getByRole("button", { name: "Remove the area" }).click();
    await recounted(page, typedCount);
    await page.getByRole("button", { name: "Draw a box" }).click();
    await page.getByText("Click the corners on the map").waitFor();
    const map = await page.locator(".map canvas").first().boundingBox();
    await page.mouse.move(map.x + map.width * 0.25, map.y + map.height * 0.25);
    await page.mouse.click(map.x + map.width * 0.25, map.y + map.height * 0.25);
    await page.mouse.move(map.x + map.width * 0.5, map.y + map.height * 0.5, { steps: 3 });
    await page.mouse.click(map.x + map.width * 0.5, map.y + map.height * 0.5);
    const drawn = await recounted(page, all);
    const address = page.url();
    await context.close();
    return { ...seen, all, refused, typedCount, drawn, address };
  },

  /** What the map begins with where a graphics card draws it, and nobody has looked anywhere: its middle column. */
  async firstLook({ url, token }) {
    const before = (_, page) => page.addInitScript(() => {
      const context = window.WebGL2RenderingContext.prototype;
      const { getParameter } = context;
      context.getParameter = function (name) {
        return name === 0x9246 ? "ANGLE (NVIDIA, NVIDIA GeForce RTX 3060)" : getParameter.call(this, name);
      };
    });
    const { context, page, seen } = await open(url, { before });
    await signIn(page, token);
    await page.locator('.map[data-drawn*="The map counts"]').waitFor();
    const flat = await page.getByRole("button", { name: "Flat map" }).getAttribute("aria-pressed");
    const map = await page.locator(".map canvas").first().boundingBox();
    const clip = { x: map.x + map.width / 2 - 4, y: map.y, width: 8, height: map.height };
    const png = (await page.screenshot({ clip })).toString("base64");
    await context.close();
    return { ...seen, flat, address: page.url(), png };
  },

  /** Look at all results; open an image by its card, leave it, and open it again. */
  async fromCard({ url, token, image }) {
    const { context, page, seen } = await open(url);
    await signIn(page, token);
    await counted(page);
    await page.getByRole("button", { name: "Look at the results" }).click();
    await page.waitForFunction(() => !window.location.hash.includes("at=-"));
    const results = page.url();
    const card = page.locator(".card", { hasText: image });
    const at = [];
    for (let turn = 0; turn < 2; turn += 1) {
      await card.click();
      await page.locator('.map[data-drawn*="footprint"]').waitFor();
      at.push(page.url());
      await page.getByRole("button", { name: "Back to the results" }).click();
    }
    await context.close();
    return { ...seen, at, results };
  },

  /** Follow addresses that are typed: nearer to the same place, and a look that is refused, then one that is not. */
  async typed({ url, token, nearer, refused, right }) {
    const { context, page, seen } = await open(url);
    await signIn(page, token);
    const scale = () => page.locator(".maplibregl-ctrl-scale").textContent();
    const type = (hash) => page.evaluate((text) => (window.location.hash = text), hash);
    await page.locator(".map[data-drawn]").waitFor();
    const scales = [await scale()];
    await type(nearer);
    await page.waitForFunction((before) => document.querySelector(".maplibregl-ctrl-scale")?.textContent !== before, scales[0]);
    scales.push(await scale());
    const trouble = page.locator("#image .trouble, .side .trouble").filter({ hasText: "zzz" });
    await type(refused);
    await trouble.first().waitFor();
    await type(right);
    await trouble.first().waitFor({ state: "detached" });
    await page.locator(".preview img").waitFor();
    await context.close();
    return { ...seen, scales };
  },

  /** A part of the map as PNG, when what it shows is drawn. */
  async look({ url, token, words, x, y, width, height }) {
    const { context, page, seen } = await open(url);
    await signIn(page, token);
    await page.locator(`.map[data-drawn*="${words}"]`).waitFor();
    const map = await page.locator(".map canvas").first().boundingBox();
    const clip = { x: map.x + map.width * x, y: map.y + map.height * y, width, height };
    const png = (await page.screenshot({ clip })).toString("base64");
    await context.close();
    return { ...seen, png };
  },

  /** Open an image by its link; read a pixel of it. */
  async image({ url, token }) {
    const { context, page, seen } = await open(url);
    await signIn(page, token);
    const picture = page.locator(".preview img");
    await picture.waitFor();
    const size = await picture.evaluate((img) => [img.naturalWidth, img.naturalHeight]);
    await page.locator(".shown").filter({ hasText: "footprint" }).waitFor();
    const map = await page.locator(".map canvas").first().boundingBox();
    await page.mouse.click(map.x + map.width / 2, map.y + map.height / 2);
    const section = page.locator('[aria-label="Pixel values"]');
    await section.locator("td").first().waitFor();
    const values = await section.locator("tr").allTextContents();
    const place = await section.locator("p").first().textContent();
    await page.getByRole("button", { name: "Stretch to" }).click();
    await page.waitForFunction(() => window.location.hash.includes("range="), null, { timeout: PATIENCE });
    const address = page.url();
    await page.waitForFunction(() => {
      const all = window.performance.getEntriesByType("resource");
      return all.some(({ name, responseEnd }) => name.includes("/tiles/") && name.includes("range=") && responseEnd > 0);
    }, null, { timeout: PATIENCE });
    await page.waitForLoadState("networkidle");
    await page.locator(".map[data-drawn]").waitFor();
    await page.reload(); // what was drawn is not fetched again: the addresses of pictures stay the same
    await signIn(page, token);
    const kept = await page.waitForFunction(() => {
      const all = window.performance.getEntriesByType("resource").filter((each) => each.name.includes("/tiles/"));
      return all.filter((each) => each.transferSize === 0 && each.decodedBodySize > 0).length;
    }, null, { timeout: PATIENCE });
    const cached = await kept.jsonValue();
    const drawn = await page.evaluate(() => window.performance.getEntriesByType("resource").filter((each) => each.name.includes("/tiles/")).length);
    await page.getByLabel("Colours").first().selectOption("dark"); // another style: the picture is put on it, too
    await page.waitForFunction(
      (before) => window.performance.getEntriesByType("resource").filter((each) => each.name.includes("/tiles/")).length > before,
      drawn,
      { timeout: PATIENCE },
    );
    await context.close();
    return { ...seen, size, values, place, address, cached };
  },

  /** Signing in at the issuer: there and back, a forbidden image, renewal, the end, and out again. */
  async oidc({ image }) {
    const { context, page, seen } = await open(image);
    const asked = [];
    const sent = new Set();
    page.on("request", (request) => sent.add(request.headers().authorization ?? ""));
    await context.route("**/token", async (route) => {
      const grant = new URLSearchParams(route.request().postData() ?? "").get("grant_type");
      asked.push(grant);
      if (asked.length > 2) {
        await route.fulfill({ status: 400, json: { error: "invalid_grant" } });
        return;
      }
      // sent again by the script, which has to say what the browser would have said of the page
      const headers = { ...route.request().headers(), "sec-fetch-site": "same-origin" };
      const response = await route.fetch({ headers });
      await route.fulfill({ response, json: { ...(await response.json()), expires_in: asked.length === 1 ? 62 : 4 } });
    });
    const sign = page.getByRole("button", { name: "Sign in", exact: true });
    await sign.click();
    const forbidden = await page.locator(".details .trouble").first().textContent();
    const marked = [await mark(page)];
    await page.keyboard.press("Shift");
    await page.keyboard.press("Tab");
    await page.keyboard.press("Shift+Tab");
    await page.locator("#image").evaluate((heading) => heading.focus());
    marked.push(await mark(page));
    const address = page.url();
    const kept = await page.evaluate(() => [
      window.location.href, document.cookie,
      ...Object.values(window.localStorage), ...Object.values(window.sessionStorage),
    ]);
    await page.getByText("Your session has ended").waitFor();
    const after = page.url();
    await context.unroute("**/token");
    await sign.click();
    await page.getByRole("button", { name: "Sign out" }).click();
    await sign.waitFor();
    const out = page.url();
    await context.close();
    return { ...seen, forbidden, marked, address, kept, after, asked, out, sent: [...sent].filter(Boolean) };
  },

  /** What somebody sees who may not see an image, and whose token has ended. */
  async signing({ url, image, token, ended }) {
    const { context, page, seen } = await open(image);
    await signIn(page, ended);
    const refused = await page.locator(".signin .trouble").first().textContent();
    await signIn(page, token);
    const forbidden = await page.locator(".details .trouble").first().textContent();
    const address = page.url();
    await context.close();
    return { ...seen, refused, forbidden, address, url };
  },

  /** What axe finds: signed out, in the search and in an image, light; in both of these, dark. */
  async axe({ url, token }) {
    const { context, page, seen } = await open(url, { width: 800, height: 640 });
    const theme = () => page.evaluate(() => document.documentElement.dataset.theme);
    const found = await violations(page);
    await signIn(page, token);
    await counted(page);
    await page.locator(".searching > summary").click(); // folded away on a small screen
    for (const summary of await page.locator(".search summary").all()) {
      await summary.click();
    }
    found.push(...(await violations(page)));
    const themes = [await theme()];
    await page.getByLabel("Colours").first().selectOption("dark");
    found.push(...(await violations(page, ["color-contrast"])));
    await page.locator(".card").first().click();
    await page.locator("#image").waitFor();
    await page.getByText("Use it from").click();
    found.push(...(await violations(page, ["color-contrast"])));
    themes.push(await theme());
    await page.getByLabel("Colours").first().selectOption("light");
    found.push(...(await violations(page)));
    await context.close();
    return { ...seen, themes, found };
  },

  /** How the service is doing: a failed upload with its reason, what is kept; axe in light and dark. */
  async operating({ url, token, failed }) {
    const { context, page, seen } = await open(url, { width: 800, height: 640 });
    await signIn(page, token);
    await page.getByRole("button", { name: "Operating" }).click();
    const group = page.locator('[aria-label="Failed"]');
    await group.getByText(failed).first().waitFor();
    const reason = await group.locator(".trouble").first().textContent();
    const storage = page.locator('[aria-label="Storage"]');
    await storage.locator("td").first().waitFor();
    const told = await page.locator('[aria-label="Service"]').count();
    const rows = await storage.locator("tbody tr").evaluateAll((all) => all.map((row) => [...row.cells].map((cell) => cell.textContent)));
    const found = await violations(page);
    await page.getByLabel("Colours").first().selectOption("dark");
    found.push(...(await violations(page, ["color-contrast"])));
    await group.getByRole("button", { name: "Bring it in again" }).first().click();
    const into = await page.getByLabel("Into the product").inputValue();
    await context.close();
    return { ...seen, reason, rows, found, into, told };
  },

  /** What operators are told of the service; a dead letter is sent again; axe in light and dark. */
  async operators({ url, token, letter }) {
    const { context, page, seen } = await open(url, { width: 800, height: 640 });
    await signIn(page, token);
    await page.getByRole("button", { name: "Operating" }).click();
    const service = page.locator('[aria-label="Service"]');
    const dead = service.locator('[aria-label="Dead letters: Background tasks"]');
    await dead.getByText(letter).waitFor();
    const queues = await service.locator("tbody tr").evaluateAll((all) => all.map((row) => row.cells[0].textContent));
    const found = await violations(page);
    await page.getByLabel("Colours").first().selectOption("dark");
    found.push(...(await violations(page, ["color-contrast"])));
    await dead.getByRole("button", { name: "Send them again" }).click();
    const said = await dead.getByText("sent again").textContent();
    const lag = await service.getByText("Summaries").first().textContent();
    await dead.getByText(letter).waitFor({ state: "detached" });
    await context.close();
    return { ...seen, queues, found, said, lag };
  },

  /** The API's reference: read, signed in by a page in another tab, an operation tried; axe. */
  async reference({ url, token, stac }) {
    const { context, page, seen } = await open(url, { width: 800, height: 640 });
    await signIn(page, token);
    const [opened] = await Promise.all([
      context.waitForEvent("page"),
      page.getByRole("link", { name: "API reference" }).click(),
    ]);
    opened.on("console", (message) => message.type() === "error" && seen.errors.push(message.text()));
    opened.on("pageerror", (error) => seen.errors.push(String(error)));
    await opened.getByText("You are signed in").waitFor();
    await page.close();
    const tagsOf = async () => {
      await opened.locator(".opblock").first().waitFor();
      return opened.locator(".opblock-tag").evaluateAll((all) => all.map((each) => each.dataset.tag));
    };
    const tags = await tagsOf();
    const operations = await opened.locator(".opblock").count();
    const operation = opened.locator("#operations-stac-listStacCollections");
    await operation.locator(".opblock-summary-control").click();
    const words = await operation.textContent();
    await operation.getByRole("button", { name: "Try it out" }).click();
    await operation.getByRole("button", { name: "Execute" }).click();
    const answered = operation.locator(".live-responses-table");
    await answered.waitFor();
    const status = (await answered.locator(".response-col_status").last().textContent()).trim();
    const body = await answered.textContent();
    const kept = await opened.evaluate(() => [
      ...Object.values(window.localStorage), ...Object.values(window.sessionStorage), document.cookie,
    ]);
    const text = await opened.locator("#reference").innerText();
    const pills = await opened.locator("pre.version").evaluateAll((all) => all.map((each) => window.getComputedStyle(each).backgroundColor));
    const found = await violations(opened, [], "#reference");
    await opened.getByLabel("Colours").selectOption("dark");
    found.push(...(await violations(opened, ["color-contrast"], "#reference")));
    await opened.goto(stac);
    const described = await tagsOf();
    found.push(...(await violations(opened, [], "#reference")));
    await context.close();
    return { ...seen, found, operations, tags, words, status, body, kept, text, pills, described };
  },

  /** A stack that names tiles with labels, from another host: the map asks it for them, under the page's policy. */
  async labels({ url, tiles, attribution }) {
    const origin = new URL(tiles).origin;
    const { context, page, seen } = await open(url);
    const asked = new Set();
    await context.route(`${origin}/**`, async (route) => {
      asked.add(new URL(route.request().url()).pathname + (route.request().headers().authorization ?? ""));
      await route.fulfill({ contentType: "image/svg+xml", status: 204, headers: { "access-control-allow-origin": "*" } });
    });
    await context.route("**/explorer/config.json", async (route) => {
      const response = await route.fetch();
      await route.fulfill({ response, json: { ...(await response.json()), labels: { tiles, attribution } } });
    });
    const refuses = async () => {
      await page.goto(url);
      await page.getByText(attribution).waitFor();
      await page.locator(".map[data-drawn]").waitFor();
      return asked.size === 0;
    };
    const without = await refuses(); // the policy does not name the host
    await context.route(url, async (route) => {
      const response = await route.fetch();
      const headers = response.headers();
      const policy = "content-security-policy";
      headers[policy] = headers[policy].replace("connect-src 'self'", `connect-src 'self' ${origin}`);
      await route.fulfill({ response, headers });
    });
    seen.errors.length = 0; // what the policy has just refused
    await refuses();
    await page.waitForFunction(() => document.querySelector(".map[data-drawn]") !== null, null, { timeout: PATIENCE });
    const markup = await page.locator(".attribution b").count();
    await context.close();
    seen.elsewhere = seen.elsewhere.filter((each) => !each.startsWith(origin));
    return { ...seen, without, asked: [...asked], markup };
  },

  /** A token that ends while the API's page is open, one from another tab, and one that is refused. */
  async ending({ url, docs, short, token }) {
    const { context, page, seen } = await open(docs, { width: 800, height: 640 });
    await page.clock.install();
    await signIn(page, short);
    await page.getByText("You are signed in").waitFor();
    await page.clock.fastForward("02:00:00");
    await page.getByText("Your session has ended").waitFor();
    const explorer = await context.newPage();
    await explorer.goto(url);
    await signIn(explorer, token);
    await page.getByText("You are signed in").waitFor();
    await page.getByRole("button", { name: "Sign out" }).click();
    await page.getByLabel("Token", { exact: true }).waitFor(); // and stays: who signs out is not signed in again
    await signIn(page, "no-token-of-anybody");
    const operation = page.locator("#operations-stac-listStacCollections");
    await operation.locator(".opblock-summary-control").click();
    await operation.getByRole("button", { name: "Try it out" }).click();
    await operation.getByRole("button", { name: "Execute" }).click();
    const refused = await page.getByText("The catalog refused the token").textContent();
    await context.close();
    return { ...seen, refused };
  },

  /** A search and an image without a mouse. */
  async searchByKeys({ url, token, words, collection }) {
    const { context, page, seen } = await open(url);
    await signInByKeys(page, token);
    const all = await counted(page);
    await tabTo(page, "Find a collection");
    await page.keyboard.type(words);
    await tabTo(page, collection);
    await page.keyboard.press("Space");
    const found = await recounted(page, all);
    await page.locator(".card").first().waitFor();
    const first = await page.locator(".card strong").first().textContent();
    await tabTo(page, first);
    await page.keyboard.press("Enter");
    await page.locator("#image").waitFor();
    const opened = await page.locator("#image").textContent();
    const flat = await page.getByRole("button", { name: "Flat map" }).getAttribute("aria-pressed");
    await context.close();
    return { ...seen, all, found, first, opened, flat };
  },
  ...bringing,
  ...editing,
  ...keyboard,
  ...lists,
  ...states,
};

for await (const line of createInterface({ input: process.stdin })) {
  const { scenario, ...given } = JSON.parse(line);
  let answer;
  try {
    answer = await scenarios[scenario](given);
  } catch (error) {
    answer = { failed: String(error?.stack ?? error).slice(0, 4000) };
  }
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
await browser.close();
