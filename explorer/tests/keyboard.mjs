// Scenarios without a mouse: everything that changes the catalog, and where the focus is.
import { counted, cut, open, recounted, signInByKeys, tabTo, violations } from "./page.mjs";
import { settled } from "./bring.mjs";

/** What has the focus, in a word: its id, or its name. */
function focus(page) {
  return page.evaluate(() => {
    const at = document.activeElement;
    return at?.id || (at?.getAttribute("aria-label") ?? at?.textContent ?? "").trim() || at?.tagName;
  });
}

async function press(page, name, key = "Enter") {
  await tabTo(page, name);
  await page.keyboard.press(key);
}

/** What axe finds as the page is now, in light and dark, and what has too little room. */
async function inBothThemes(page) {
  const found = [...(await violations(page)), ...(await cut(page))];
  await page.emulateMedia({ colorScheme: "dark" });
  found.push(...(await violations(page, ["color-contrast"])));
  await page.emulateMedia({ colorScheme: "light" });
  return found;
}

/** Wait until the focus is at something by its id, or at a control by its words; return what it is at. */
async function focusedOn(page, wanted) {
  const found = await page.waitForFunction((text) => {
    const at = document.activeElement;
    return at?.id === text || (at?.matches("button, a, summary") && at.textContent.includes(text));
  }, wanted).then(() => true, () => false);
  const at = await focus(page);
  if (!found) {
    throw new Error(`the focus is at ${at?.slice(0, 200)}, not at ${wanted}`);
  }
  return at;
}

export const keyboard = {
  /** A product made of a GeoTIFF, an image shown, shared, changed, and deleted, then the product. */
  async withoutMouse({ url, token, file, name, image, taken, reader }) {
    const { context, page, seen } = await open(url, { width: 900, height: 760 });
    const found = [];
    const at = {};
    await signInByKeys(page, token);
    const none = await counted(page);

    await press(page, "Bring images in");
    at.bring = await focusedOn(page, "bring");
    await tabTo(page, "Drop GeoTIFFs here");
    const [chooser] = await Promise.all([page.waitForEvent("filechooser"), page.keyboard.press("Space")]);
    await chooser.setFiles(file);
    await page.getByRole("form", { name: "New product" }).waitFor();
    found.push(...(await inBothThemes(page)));
    await press(page, "Create the product");
    await settled(page, 1);
    at.created = await focus(page);
    found.push(...(await inBothThemes(page)));
    await press(page, `Show it ${image}`);
    at.shown = await focusedOn(page, "image");
    await page.locator(".preview img").waitFor();
    await page.keyboard.press("Escape");
    at.closed = await focusedOn(page, `Show it ${image}`);
    await page.keyboard.press("Escape");
    at.searching = await focusedOn(page, "Bring images in");
    const all = await recounted(page, none);

    await press(page, `Manage ${name}`);
    at.managed = await focusedOn(page, "managed");
    await tabTo(page, "Name or address");
    await page.keyboard.type(reader);
    await page.keyboard.press("Escape"); // out of the field
    at.field = await focus(page);
    await press(page, "Add");
    await press(page, "Save who may do what");
    await page.getByText("Saved.").waitFor();
    found.push(...(await inBothThemes(page)));
    await page.keyboard.press("Escape");
    at.back = await focusedOn(page, `Manage ${name}`);

    await press(page, taken); // its card
    await focusedOn(page, "image");
    await press(page, "Change or delete it");
    await page.getByLabel("Clouds, percent").waitFor();
    await tabTo(page, "Clouds, percent");
    await page.keyboard.type("0.25");
    await press(page, "Save the attributes");
    await page.getByText("Saved.").waitFor();
    found.push(...(await inBothThemes(page)));
    const dialog = page.getByRole("dialog");
    await press(page, "Delete the image…");
    await dialog.waitFor();
    found.push(...(await inBothThemes(page)));
    at.asked = await dialog.evaluate((each) => each.contains(document.activeElement));
    await page.keyboard.press("Escape");
    await dialog.waitFor({ state: "detached" });
    at.kept = await focusedOn(page, "Delete the image…");
    await page.keyboard.press("Enter"); // at once: nothing of the first dialog may close the second
    await dialog.waitFor();
    await press(page, "Delete the image");
    await recounted(page, all);
    at.gone = await focusedOn(page, "results");

    await press(page, `Manage ${name}`);
    await focusedOn(page, "managed");
    await press(page, "Delete the product…");
    await dialog.waitFor();
    await press(page, "Delete all of it");
    await dialog.waitFor({ state: "detached" });
    at.end = await focusedOn(page, "results");
    await context.close();
    return { ...seen, all, at, found };
  },
};
