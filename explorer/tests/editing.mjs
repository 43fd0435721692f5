// Scenarios of changing, sharing and deleting.
import { counted, open, recounted, signIn, violations } from "./page.mjs";

export const editing = {
  /** A product is renamed, overtaken by somebody else, shared; an image of it is changed and deleted, then all of it. */
  async manage({ url, token, product, title, image, rival, reader }) {
    const { context, page, seen } = await open(url, { width: 900, height: 800 });
    await signIn(page, token);
    const all = await counted(page);
    await page.getByRole("button", { name: `Manage ${title}` }).click();
    await page.getByText("Attributes", { exact: true }).click();
    const form = page.getByRole("form", { name: "Attributes" });
    await form.getByLabel("Tags").fill("one, first\ntwo");
    await context.request.patch(rival, {
      headers: { Authorization: `Bearer ${token}` },
      data: { data: { type: "product", id: product, attributes: { description: "of somebody else" } } },
    });
    await form.getByRole("button", { name: "Save the attributes" }).click();
    const overtaken = await form.locator(".trouble").textContent();
    await form.getByRole("button", { name: "Load it as it is now" }).click();
    const details = page.getByText("Attributes", { exact: true });
    await details.waitFor();
    if ((await form.count()) === 0 || !(await form.isVisible())) {
      await details.click();
    }
    const theirs = await form.getByLabel("Description").inputValue();
    await form.getByLabel("Tags").fill("one, first\ntwo");
    await form.getByRole("button", { name: "Save the attributes" }).click();
    await form.getByText("Saved.").waitFor();
    const found = await violations(page);

    await page.getByRole("combobox", { name: "May", exact: true }).selectOption("owners");
    await page.getByRole("combobox", { name: "Who", exact: true }).selectOption("email:");
    await page.getByLabel("Name or address").fill("a@b.example");
    await page.getByRole("button", { name: "Add", exact: true }).click();
    const refused = await page.locator(".trouble").first().textContent();
    const share = async () => {
      await page.getByRole("combobox", { name: "May", exact: true }).selectOption("readers");
      await page.getByRole("combobox", { name: "Who", exact: true }).selectOption("org:");
      await page.getByLabel("Name or address").fill(reader);
      await page.getByRole("button", { name: "Add", exact: true }).click();
    };
    await share();
    await context.request.patch(rival, {
      headers: { Authorization: `Bearer ${token}` },
      data: { data: { type: "product", id: product, attributes: { description: "of somebody else again" } } },
    });
    await page.getByRole("button", { name: "Save who may do what" }).click();
    await page.getByRole("button", { name: "Load it as it is now" }).click();
    await share();
    await page.getByRole("button", { name: "Save who may do what" }).click();
    await page.getByText("Saved.").last().waitFor();
    const shared = await page.getByRole("region", { name: "readers" }).textContent();
    await page.getByRole("button", { name: "Back to the search" }).click();

    await page.locator(".card", { hasText: image }).click();
    await page.getByText("Upload log").click();
    await page.locator(".log li").first().waitFor();
    const log = await page.locator(".log").allTextContents();
    await page.getByText("Change or delete it").click();
    await page.getByLabel("Clouds, percent").fill("25");
    await page.getByRole("button", { name: "Save the attributes" }).click();
    await page.getByText("Saved.").waitFor();
    await page.getByRole("button", { name: "Delete the image…" }).click();
    const dialog = page.getByRole("dialog");
    const ofImage = await dialog.textContent();
    found.push(...(await violations(page)));
    await page.keyboard.press("Escape");
    await dialog.waitFor({ state: "detached" });
    await page.getByRole("button", { name: "Delete the image…" }).click();
    await dialog.getByRole("button", { name: "Delete the image" }).click();
    const left = await recounted(page, all);

    await page.getByRole("button", { name: `Manage ${title}` }).click();
    await page.getByLabel("Colours").first().selectOption("dark");
    await page.getByRole("button", { name: "Delete the product…" }).click();
    const ofProduct = await dialog.textContent();
    found.push(...(await violations(page, ["color-contrast"])));
    await dialog.getByRole("button", { name: "Delete all of it" }).click();
    await page.getByRole("button", { name: `Manage ${title}` }).waitFor({ state: "detached" });
    await page.getByText("There are no images in this catalog").waitFor();
    await context.close();
    return { ...seen, all, overtaken, theirs, refused, shared, ofImage, left, ofProduct, found, log };
  },

  /** An image, then its product, deleted after somebody else changed them; while it runs nothing dismisses the dialog. */
  async deleting({ url, token, product, title, image, other, catalog }) {
    const { context, page, seen } = await open(url, { width: 420, height: 760 });
    const headers = { Authorization: `Bearer ${token}` };
    const change = async (kind, id, attributes) => {
      const answer = await context.request.patch(`${catalog}/${kind}s/${id}`, { headers, data: { data: { type: kind, id, attributes } } });
      if (!answer.ok()) {
        throw new Error(await answer.text());
      }
    };
    let go = () => {};
    await page.route("**/catalog/v2/{images,products}/*", async (route) => {
      if (route.request().method() === "DELETE" && (route.request().headers()["if-match"] ?? "") !== "") {
        await new Promise((release) => (go = release));
      }
      await route.continue();
    });
    const dialog = page.getByRole("dialog");
    const reload = dialog.getByRole("button", { name: "Load it as it is now" });
    /** Press what deletes; return what the dialog says once the request was let through and refused. */
    const overtaken = async (yes, isHeld) => {
      await dialog.getByRole("button", { name: yes }).click();
      if (isHeld) {
        await dialog.getByText("Deleting…").waitFor();
        await page.waitForTimeout(300);
        go();
      }
      await reload.waitFor();
      return dialog.locator(".trouble").textContent();
    };
    /** Try to leave the dialog while the request is held. */
    const heldOpen = async (yes) => {
      const asked = page.waitForRequest((each) => each.method() === "DELETE");
      await dialog.getByRole("button", { name: yes }).click();
      await asked;
      for (let times = 0; times < 3; times += 1) {
        await page.keyboard.press("Escape");
      }
      await page.mouse.click(2, 2); // beside it
      await page.waitForTimeout(200);
      const isOpen = await dialog.evaluate((each) => each.open);
      const buttons = await dialog.getByRole("button").evaluateAll((all) => all.map((each) => each.disabled));
      go();
      return [isOpen, ...buttons];
    };

    await signIn(page, token);
    const all = await counted(page);
    await page.locator(".card", { hasText: image }).click();
    await page.getByText("Change or delete it").click();
    await page.getByLabel("Clouds, percent").waitFor();
    await change("image", `${product}:${image}`, { cloud_fraction: 0.5 });
    await page.getByRole("button", { name: "Delete the image…" }).click();
    const ofImage = await overtaken("Delete the image", true);
    const found = await violations(page);
    await reload.click();
    await dialog.waitFor({ state: "detached" });
    const clouds = await page.getByLabel("Clouds, percent").inputValue();
    await page.getByRole("button", { name: "Delete the image…" }).click();
    const imageHeld = await heldOpen("Delete the image");
    await recounted(page, all);

    await page.locator(".searching > summary").click();
    await page.getByRole("button", { name: `Manage ${title}` }).click();
    await page.getByRole("button", { name: "Delete the product…" }).waitFor();
    await change("product", product, { description: "of somebody else" });
    await page.getByRole("button", { name: "Delete the product…" }).click();
    const ofProduct = await overtaken("Delete all of it", false);
    const still = (await context.request.get(`${catalog}/images/${product}:${other}`, { headers })).status();
    await reload.click();
    await dialog.waitFor({ state: "detached" });
    await page.getByText("Attributes", { exact: true }).click();
    const theirs = await page.getByLabel("Description").inputValue();
    await page.getByRole("button", { name: "Delete the product…" }).click();
    const productHeld = await heldOpen("Delete all of it");
    await page.getByText("no product that may have some").waitFor();
    await context.close();
    return { ...seen, ofImage, clouds, imageHeld, ofProduct, still, theirs, productHeld, found };
  },
};
