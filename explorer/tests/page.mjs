// A page of the explorer in Chromium: what every scenario does with it.
import AxeBuilder from "@axe-core/playwright";
import { chromium } from "playwright-core";

export const PATIENCE = Number(process.argv[3] ?? 120_000);
export const browser = await chromium.launch({
  executablePath: process.argv[2],
  args: ["--no-sandbox", "--use-angle=swiftshader", "--enable-unsafe-swiftshader"],
});

/** Open an address in a context of its own; what it asks of other hosts and its errors are noted.
 * `before` is done to the page before it is loaded. */
export async function open(url, { scheme = "light", width = 1000, height = 720, touch = false, before = async () => {} } = {}) {
  const context = await browser.newContext({ viewport: { width, height }, colorScheme: scheme, hasTouch: touch, isMobile: touch });
  context.setDefaultTimeout(PATIENCE);
  const seen = { elsewhere: [], errors: [], dialogs: [] };
  const host = new URL(url).host;
  context.on("request", (request) => {
    const asked = new URL(request.url());
    if (!["data:", "blob:"].includes(asked.protocol) && asked.host !== host) {
      seen.elsewhere.push(request.url());
    }
  });
  const page = await context.newPage();
  page.on("pageerror", (error) => seen.errors.push(String(error)));
  page.on("console", (message) => {
    if (message.type() === "error" && !message.text().includes("the server responded with a status of")) {
      seen.errors.push(message.text());
    }
  });
  page.on("dialog", (dialog) => {
    if (dialog.type() === "beforeunload") {
      seen.leaving = (seen.leaving ?? 0) + 1;
      void dialog.accept();
      return;
    }
    seen.dialogs.push(dialog.message());
    void dialog.dismiss();
  });
  await before(context, page);
  await page.goto(url);
  return { context, page, seen };
}

export async function signIn(page, token) {
  await page.getByLabel("Token", { exact: true }).fill(token);
  await page.getByRole("button", { name: "Use it" }).click();
}

export async function signInByKeys(page, token) {
  await page.getByLabel("Token", { exact: true }).waitFor();
  await tabTo(page, "Token");
  await page.keyboard.type(token);
  await page.keyboard.press("Enter");
}

/** Move a finger over the page from one place to another. */
export async function stroke(page, [x, y], [toX, toY]) {
  const session = await page.context().newCDPSession(page);
  const touch = (type, ...touchPoints) => session.send("Input.dispatchTouchEvent", { type, touchPoints });
  await touch("touchStart", { x, y });
  for (let step = 1; step <= 8; step += 1) {
    await touch("touchMove", { x: x + ((toX - x) * step) / 8, y: y + ((toY - y) * step) / 8 });
  }
  await touch("touchEnd");
  await session.detach();
}

/** Wait until the count stands still, and return what it says. */
export async function counted(page) {
  const heading = page.locator("#results");
  await heading.filter({ hasText: /^[\d,]+ images?$/ }).waitFor();
  return heading.textContent();
}

/** Wait until the count is another one than before. */
export async function recounted(page, before) {
  await page.waitForFunction(
    (text) => {
      const now = document.getElementById("results")?.textContent ?? "";
      return now !== text && /^[\d,]+ images?$/.test(now);
    },
    before,
    { timeout: PATIENCE },
  );
  return page.locator("#results").textContent();
}

/** Press Tab until what has the focus is wanted: nothing else gets anybody there. What is not there yet may take a while. */
export async function tabTo(page, wanted) {
  const end = Date.now() + PATIENCE / 4;
  for (let steps = 0; steps < 150 || Date.now() < end; steps += 1) {
    const found = await page.evaluate((text) => {
      const at = document.activeElement;
      if (!at?.matches("a, button, input, select, textarea, summary")) {
        return false;
      }
      const label = at?.closest("label")?.textContent ?? "";
      return `${at?.getAttribute("aria-label") ?? ""} ${label} ${at?.textContent ?? ""}`.includes(text);
    }, wanted);
    if (found) {
      return;
    }
    await page.keyboard.press("Tab");
  }
  throw new Error(`no Tab leads to ${wanted}`);
}

/** What has the focus, and how it is marked. */
export function mark(page) {
  return page.evaluate(() => {
    const at = document.activeElement;
    return [at?.id, window.getComputedStyle(at).outlineStyle];
  });
}

/** Buttons that break within a word, and lists of choices that have not the room for what they choose from, though there is more of it. */
export function cut(page) {
  return page.evaluate(() => {
    const seen = (each) => each.checkVisibility() && each.closest(".hidden") === null;
    const range = document.createRange();
    const isBroken = (button) => {
      const walker = document.createTreeWalker(button, window.NodeFilter.SHOW_TEXT);
      while (walker.nextNode()) {
        const node = walker.currentNode;
        for (const { index, 0: word } of seen(node.parentElement) ? node.data.matchAll(/[^\s-]+/g) : []) {
          range.setStart(node, index);
          range.setEnd(node, index + word.length);
          if (new Set([...range.getClientRects()].map(({ top }) => Math.round(top))).size > 1) {
            return true;
          }
        }
      }
      return false;
    };
    const pen = document.createElement("canvas").getContext("2d");
    const isShort = (select) => {
      const { font, paddingLeft, paddingRight } = window.getComputedStyle(select);
      pen.font = font;
      const words = Math.max(...[...select.options].map(({ text }) => pen.measureText(text).width));
      const isCut = words > select.clientWidth - parseFloat(paddingLeft) - parseFloat(paddingRight);
      const most = select.closest("[data-pane], .side")?.clientWidth ?? window.innerWidth;
      return isCut && select.clientWidth < most * 0.7; // names of any length may be cut where a line has no more room
    };
    const shown = (each) => `cut: ${each.outerHTML.slice(0, 200)}`;
    return [
      ...[...document.querySelectorAll("button:not(.card)")].filter((each) => seen(each) && isBroken(each)),
      ...[...document.querySelectorAll("select")].filter((each) => seen(each) && isShort(each)),
    ].map(shown);
  });
}

export async function violations(page, rules = [], without = null) {
  const axe = new AxeBuilder({ page });
  if (without !== null) {
    axe.exclude(without);
  }
  const { violations: found } = await (rules.length > 0 ? axe.withRules(rules) : axe).analyze();
  return found.map((each) => `${each.id}: ${each.nodes.map((node) => node.html.slice(0, 200)).join(" | ")}`);
}
