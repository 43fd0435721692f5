// Measures the explorer in Chromium for benchmarks/explorer.py: node tests/bench.mjs CHROMIUM ADDRESS LOADS.
// A line of JSON on standard output for each load, and one for each way of looking around.
import { chromium } from "playwright-core";

const [executablePath, address, loads] = process.argv.slice(2);
const PATIENCE = 120_000;
const SECONDS = 4;
const browser = await chromium.launch({
  executablePath,
  args: ["--no-sandbox", "--use-angle=swiftshader", "--enable-unsafe-swiftshader"],
});

/** Open an address in a browser that has kept nothing, and note what it asks for. */
async function open(fragment) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 } });
  const page = await context.newPage();
  page.setDefaultTimeout(PATIENCE);
  await page.addInitScript(() => {
    window.drawn = {};
    new window.MutationObserver(() => {
      const words = document.querySelector(".map")?.dataset.drawn ?? "";
      if (words !== "" && window.drawn[words] === undefined) {
        window.drawn[words] = window.performance.now();
      }
    }).observe(document, { subtree: true, childList: true, attributes: true, attributeFilter: ["data-drawn"] });
  });
  const session = await context.newCDPSession(page);
  await session.send("Network.enable");
  const asked = { requests: 0, bytes: 0 };
  session.on("Network.loadingFinished", ({ encodedDataLength }) => {
    asked.requests += 1;
    asked.bytes += encodedDataLength;
  });
  await page.goto(`${address}/#${fragment}`);
  return { context, page, asked };
}

function drawn(page, words) {
  return page.waitForFunction((text) => {
    const found = Object.entries(window.drawn).find(([each]) => each.includes(text));
    return found === undefined ? null : found[1];
  }, words).then((handle) => handle.jsonValue());
}

/** Milliseconds from the beginning of the navigation until densities are on the screen. */
async function load() {
  const { context, page, asked } = await open("");
  const painted = await drawn(page, "The map counts");
  await page.waitForLoadState("networkidle");
  const density = await page.evaluate(() => {
    const all = window.performance.getEntriesByType("resource").map((each) => ({
      name: each.name.split("/").pop(), start: Math.round(each.startTime), end: Math.round(each.responseEnd),
    }));
    const tasks = window.performance.getEntriesByType("longtask").length;
    return { all, tasks };
  });
  await context.close();
  return { painted, ...asked, resources: density.all };
}

/** Frames a second while somebody drags the map to and fro. */
async function frames(fragment, words) {
  const { context, page } = await open(fragment);
  await drawn(page, words);
  await page.waitForLoadState("networkidle");
  const box = await page.locator(".map canvas").first().boundingBox();
  const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
  await page.evaluate(() => {
    window.frames_ = [];
    const note = (time) => {
      window.frames_.push(time);
      window.requestAnimationFrame(note);
    };
    window.requestAnimationFrame(note);
  });
  await page.mouse.move(x, y);
  await page.mouse.down();
  const until = Date.now() + SECONDS * 1000;
  for (let step = 0; Date.now() < until; step += 1) {
    await page.mouse.move(x + 200 * Math.sin(step / 15), y + 60 * Math.sin(step / 22));
  }
  const times = await page.evaluate(() => window.frames_);
  await page.mouse.up();
  await context.close();
  const gaps = times.slice(1).map((time, at) => time - times[at]).sort((a, b) => a - b);
  const mean = gaps.reduce((sum, gap) => sum + gap, 0) / gaps.length;
  return { frames: 1000 / mean, slowest: gaps[Math.floor(gaps.length * 0.95)] };
}

const print = (value) => process.stdout.write(`${JSON.stringify(value)}\n`);
for (let turn = 0; turn < Number(loads); turn += 1) {
  print({ load: await load() });
}
const globe = "at=10,25,1.20"; // without it the map is flat, since nothing but the processor draws here
print({ frames: { case: "no images, globe", ...(await frames(`${globe}&cloud=0&from=1999-01-01T00:00:00.000Z&to=1999-01-02T00:00:00.000Z`, "The map counts")) } });
print({ frames: { case: "cells, globe", ...(await frames(globe, "The map counts")) } });
print({ frames: { case: "cells, flat", ...(await frames(`${globe}&flat=1`, "The map counts")) } });
print({ frames: { case: "footprints", ...(await frames("at=10,47,6", "footprint")) } });
await browser.close();
