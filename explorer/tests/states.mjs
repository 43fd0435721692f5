// Scenarios of what is empty, wrong or slow: it is said in words, with what to do.
import { counted, open, recounted, signIn, violations } from "./page.mjs";

const empty = (page) => page.locator(".results .empty").textContent();

/** Let the page be as slow as by a bad telephone connection, and note what moves by itself. */
async function watchedAndSlow(context, page) {
  const session = await context.newCDPSession(page);
  const network = { offline: false, latency: 200, downloadThroughput: 150_000, uploadThroughput: 50_000 };
  await session.send("Network.enable");
  await session.send("Network.emulateNetworkConditions", network);
  await page.addInitScript(() => {
    window.shifts = [];
    new window.PerformanceObserver((list) => {
      for (const { hadRecentInput, value, sources } of list.getEntries()) {
        if (!hadRecentInput) {
          window.shifts.push({ value, of: sources.map(({ node }) => node?.outerHTML?.slice(0, 80)) });
        }
      }
    }).observe({ type: "layout-shift", buffered: true });
  });
}

export const states = {
  /** How many rows, searches and previews a long list takes on screens of some sizes, before it is scrolled and after. */
  async long({ url, token, sizes }) {
    const taken = [];
    const elsewhere = [];
    const errors = [];
    for (const [width, height] of sizes) {
      const { context, page, seen } = await open(url, { width, height });
      const asked = { searches: 0, previews: 0 };
      page.on("request", (request) => {
        asked.searches += request.url().endsWith("/stac/search") && request.postDataJSON().fields === undefined ? 1 : 0;
        asked.previews += request.url().includes("/preview") ? 1 : 0;
      });
      await signIn(page, token);
      await counted(page);
      await page.locator(".card").first().waitFor();
      await page.waitForLoadState("networkidle");
      const rows = await page.locator(".list li").count();
      const before = { ...asked };
      const list = page.locator(".list");
      for (let last = 0; last < 120; ) {
        await list.evaluate((each) => (each.scrollTop += each.clientHeight / 2));
        await page.waitForTimeout(100);
        last = await page.locator(".list li").last().getAttribute("aria-posinset").then(Number);
      }
      taken.push({ rows, before, after: asked.searches, end: await page.locator(".list li").count() });
      elsewhere.push(...seen.elsewhere);
      errors.push(...seen.errors);
      await context.close();
    }
    return { elsewhere, errors, dialogs: [], taken };
  },

  /** Nothing to see: no product, a product without images, and a search that finds none. */
  async nothing({ url, token, emptied, without, unseen }) {
    const { context, page, seen } = await open(`${url}#c=${emptied}`, { width: 360, height: 700 });
    await signIn(page, token);
    await page.getByText("This product has no images yet").waitFor();
    const found = await violations(page);
    const product = await empty(page);
    const busy = { status: 429, contentType: "application/json", body: '{"description": "too many"}' };
    await page.route("**/stac/aggregate", (route) => {
      const { aggregations, filter } = route.request().postDataJSON();
      return aggregations.join() === "total_count" && filter === undefined ? route.fulfill(busy) : route.continue();
    });
    await page.evaluate((hash) => (window.location.hash = hash), without);
    await page.getByText("Nothing matches").waitFor();
    const again = page.getByRole("button", { name: "Count again" });
    await again.waitFor();
    const uncounted = await empty(page);
    await page.unroute("**/stac/aggregate");
    await again.click();
    await page.getByRole("button", { name: /^Without/ }).first().waitFor();
    const ways = await page.locator(".ways button").allTextContents();
    found.push(...(await violations(page)));
    await page.emulateMedia({ colorScheme: "dark" });
    found.push(...(await violations(page, ["color-contrast"])));
    const before = await counted(page);
    await page.locator(".ways button").first().click();
    const widened = await recounted(page, before);
    const wide = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
    await page.getByRole("button", { name: "Sign out" }).click();
    await page.evaluate(() => (window.location.hash = ""));
    await signIn(page, unseen);
    await page.getByText("no product that may have some").waitFor();
    const nobody = await empty(page);
    await context.close();
    return { ...seen, product, uncounted, ways, widened, wide, nobody, found };
  },

  /** What the page says where the API refuses, is busy, or cannot be reached; each time it goes on. */
  async refused({ url, token }) {
    const { context, page, seen } = await open(url, { width: 360, height: 700 });
    const json = (status, headers = {}) => (route) =>
      route.fulfill({ status, headers, contentType: "application/json", body: JSON.stringify({ code: "x", description: "too many" }) });
    const trouble = page.getByRole("alert").locator(".trouble");
    const again = page.getByRole("button", { name: "Try again" });
    const said = [];
    await page.route("**/explorer/config.json", json(503));
    await page.reload();
    said.push(await trouble.textContent());
    const found = await violations(page);
    await page.unroute("**/explorer/config.json");
    await again.click();
    await signIn(page, token);
    await counted(page);
    for (const answer of [json(429, { "Retry-After": "7" }), json(503), json(500), (route) => route.abort()]) {
      await page.route("**/stac/{search,aggregate}", answer);
      await page.evaluate((number) => (window.location.hash = `cloud=${number}`), 100 - said.length);
      await trouble.waitFor();
      said.push(await trouble.textContent());
      await page.unroute("**/stac/{search,aggregate}");
      await again.click();
      await trouble.waitFor({ state: "detached" });
      await counted(page);
    }
    await context.close();
    seen.errors = seen.errors.filter((each) => !each.includes("ERR_FAILED"));
    return { ...seen, said, found };
  },

  /** How far things move by themselves while the page loads slowly on a small screen. */
  async slowly({ url, token }) {
    const { context, page, seen } = await open(url, { width: 360, height: 700, before: watchedAndSlow });
    await signIn(page, token);
    const skeleton = page.locator(".skeleton");
    await skeleton.waitFor();
    await counted(page);
    await page.waitForLoadState("networkidle");
    const shifts = await page.evaluate(() => window.shifts);
    await context.close();
    return { ...seen, shifts };
  },

  /** An order that a collection declares, both ways; then another collection that does not. */
  async order({ url, token, declared, other }) {
    const { context, page, seen } = await open(url, { width: 360, height: 700 });
    await signIn(page, token);
    const all = await counted(page);
    await page.locator(".searching > summary").click();
    await page.getByText("What and in which order").click();
    const order = page.getByRole("combobox", { name: "Order", exact: true });
    await order.locator("option", { hasText: `${declared}, ascending` }).waitFor({ state: "attached" });
    const offered = await order.locator("option").allTextContents();
    const names = page.locator(".card strong");
    /** Choose an order; return the names once the first one is another. */
    const listed = async (words, first) => {
      await order.selectOption({ label: words });
      await names.first().filter({ hasText: first }).waitFor();
      return names.allTextContents();
    };
    const up = await listed(`${declared}, ascending`, "i2");
    const down = await listed(`${declared}, descending`, "i0");
    const address = page.url();
    await page.evaluate((hash) => (window.location.hash = hash), `c=${other}&sort=${encodeURIComponent(`-${declared}`)}`);
    await recounted(page, all);
    const said = page.getByText("Newest first: these cannot be in the order");
    await said.click();
    const word = await page.getByRole("status").filter({ has: said }).textContent();
    const others = await names.allTextContents();
    const shown = await order.evaluate((select) => select.selectedOptions[0].textContent);
    const trouble = await page.getByRole("alert").locator(".trouble").count();
    const found = await violations(page);
    const wide = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
    await order.selectOption({ label: "newest first" });
    await said.waitFor({ state: "detached" });
    await context.close();
    return { ...seen, offered, up, down, address, word, others, shown, trouble, found, wide };
  },
};
