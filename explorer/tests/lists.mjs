// Scenarios of lists that are longer than what a page can hold.
import { counted, open, signIn, tabTo, violations } from "./page.mjs";

const PAGE = 200;

/** Answer with as many collections in pages, those after the first once they are let through. */
async function manyCollections(page, count, released) {
  await page.route(/\/stac\/collections\?/, async (route) => {
    const address = new URL(route.request().url());
    const start = Number(address.searchParams.get("start") ?? 0);
    if (start > 0) {
      await released;
    }
    address.searchParams.set("start", start + PAGE);
    const collections = Array.from({ length: Math.min(PAGE, count - start) }, (_, at) => ({
      id: `some:c${start + at}`,
      title: `Number ${start + at}${(start + at) % 3 === 0 ? ", which has a title that takes more than one line of the list" : ""}`,
    }));
    const links = start + PAGE < count ? [{ rel: "next", href: address.href }] : [];
    await route.fulfill({ json: { collections, links } });
  });
}

/** The number of the row that has the focus. */
function focusedRow(page) {
  return page.evaluate(() => Number(document.activeElement?.closest(".choices li")?.getAttribute("aria-posinset") ?? -1));
}

export const lists = {
  /** Thousands of collections: they come page by page, few rows are drawn, and keys reach all of them. */
  async collections({ url, token, count }) {
    let release = () => {};
    const released = new Promise((go) => (release = go));
    const before = (_, page) => manyCollections(page, count, released);
    const { context, page, seen } = await open(url, { width: 1000, height: 720, before });
    await signIn(page, token);
    await counted(page);
    const legend = page.locator(".collections legend");
    await legend.filter({ hasText: "loaded so far" }).waitFor();
    const early = [await legend.textContent(), await page.locator(".choices li").first().getAttribute("aria-setsize")];
    const box = page.locator(".choices");
    const rows = box.locator("li");
    const height = await page.locator(".collections").evaluate((each) => each.offsetHeight);
    release();
    await legend.filter({ hasNotText: "loaded so far" }).waitFor();
    const late = [await legend.textContent(), await rows.first().getAttribute("aria-setsize")];
    const jump = (await page.locator(".collections").evaluate((each) => each.offsetHeight)) - height;
    const drawn = [await rows.count()];

    await tabTo(page, "Number 0,");
    const tabbed = [await focusedRow(page)];
    for (let steps = 0; steps < 80; steps += 1) {
      await page.keyboard.press("Tab"); // a box, then "Manage"
      tabbed.push(await focusedRow(page));
    }
    await box.evaluate((each) => (each.scrollTop = each.scrollHeight / 2));
    await page.waitForTimeout(300);
    const held = [await focusedRow(page)];
    await page.keyboard.press("Tab");
    await page.keyboard.press("Tab");
    held.push(await focusedRow(page));
    await page.keyboard.press("Shift+Tab");
    await page.keyboard.press("Shift+Tab");
    held.push(await focusedRow(page));
    drawn.push(await rows.count());

    const nth = (number) => box.locator(`li[aria-posinset="${number}"]`);
    await box.evaluate((each) => (each.scrollTop = each.scrollHeight * 0.7));
    await page.waitForTimeout(300);
    const id = await box.evaluate((each) => {
      const { top, height } = each.getBoundingClientRect();
      const within = [...each.querySelectorAll("li")].find((row) => row.getBoundingClientRect().top > top + height / 3);
      return within.querySelector("small").textContent;
    });
    const far = box.locator("li", { hasText: id });
    const within = () => far.evaluate((row) => row.getBoundingClientRect().top - row.closest(".choices").getBoundingClientRect().top);
    const top = await within();
    await far.getByRole("checkbox").check();
    await page.getByRole("button", { name: "Show the chosen ones first" }).waitFor();
    await counted(page);
    const moved = (await within()) - top;
    await page.getByRole("button", { name: "Show the chosen ones first" }).click();
    await box.evaluate((each) => (each.scrollTop = 0));
    const first = await nth(1).locator("small").textContent();

    await page.getByLabel("Find a collection").fill("number 25");
    await nth(2).filter({ hasText: "Number 25" }).waitFor();
    const some = await rows.first().getAttribute("aria-setsize");
    await page.getByLabel("Find a collection").fill("number 2500");
    await rows.nth(2).waitFor({ state: "detached" });
    const sizes = await box.evaluate((each) => [each.scrollHeight - each.clientHeight, each.firstElementChild.offsetHeight]);
    const parts = await rows.evaluateAll((all) => all.reduce((sum, each) => sum + each.getBoundingClientRect().height, 0));
    await page.getByLabel("Find a collection").fill("");
    await box.evaluate((each) => (each.scrollTop = each.scrollHeight * 0.4));
    await page.waitForTimeout(300);
    const found = await violations(page);
    const manage = rows.nth(9).getByRole("button");
    const managed = await rows.nth(9).locator("small").textContent();
    await manage.click();
    await page.locator("#managed").waitFor();
    await page.getByRole("button", { name: "Back to the search" }).press("Enter");
    await box.waitFor();
    await page.waitForTimeout(300);
    const back = await page.evaluate(() => document.activeElement?.closest("li")?.querySelector("small")?.textContent ?? document.activeElement?.outerHTML);
    await context.close();
    return { ...seen, early, late, jump, drawn, tabbed, held, id, moved, first, some, sizes, parts, found, managed, back };
  },
};
