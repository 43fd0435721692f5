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
    await page.getByLabel("Share of clouds").fill("0.25");
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
};
