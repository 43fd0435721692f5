// Draws docs/explorer.png: node build/picture.mjs ADDRESS PICTURE CHROMIUM, on a stack of the laptop.
import { chromium } from "playwright-core";

const [address, picture, executablePath] = process.argv.slice(2);
const browser = await chromium.launch({
  executablePath,
  args: ["--no-sandbox", "--use-angle=swiftshader", "--enable-unsafe-swiftshader"],
});
const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
await page.goto(address);
await page.getByRole("button", { name: "Sign in", exact: true }).click();
await page.locator('.map[data-drawn*="footprint"]').waitFor({ timeout: 120_000 });
await page.waitForLoadState("networkidle", { timeout: 120_000 });
await page.waitForTimeout(3_000);
await page.screenshot({ path: picture });
await browser.close();
