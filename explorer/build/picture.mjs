// Draws docs/explorer.png: node build/picture.mjs ADDRESS PICTURE CHROMIUM, on a stack of the laptop that
// `python -m swath_dev landsat` and `make seed` have filled.
import { chromium } from "playwright-core";

const [address, picture, executablePath] = process.argv.slice(2);
const patience = { timeout: 120_000 };
const browser = await chromium.launch({
  executablePath,
  args: ["--no-sandbox", "--use-angle=swiftshader", "--enable-unsafe-swiftshader"],
});
const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
await page.goto(address);
await page.getByRole("button", { name: "Sign in", exact: true }).click();
await page.locator(".preview img").waitFor(patience);
await page.locator('.map[data-drawn*="footprint"]').waitFor(patience);
await page.waitForLoadState("networkidle", patience);
await page.waitForTimeout(3_000);
await page.screenshot({ path: picture });
await browser.close();
