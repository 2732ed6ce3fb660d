// How it looks and whether everybody can use it: accessibility by axe, no jumps, a phone, the keyboard alone; and the pictures.
import assert from "node:assert/strict";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { enter, notebook, notebooks, repository, select, standing, startBrowser, startHub } from "./harness.mjs";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const pictures = process.env.SCREENSHOTS ?? join(repository, "docs", "screenshots");
const penguins = JSON.parse(readFileSync(join(notebooks, "penguins.ipynb"), "utf8"));

let hub;
let browser;
before(async () => {
  mkdirSync(pictures, { recursive: true });
  browser = await startBrowser();
  hub = await startHub({
    "penguins.ipynb": penguins, "survey 2026.ipynb": notebook("import polars as pl"), "notes.ipynb": notebook({ cell_type: "markdown", source: "# Notes" }), "model/train.ipynb": notebook("fit()"), "model/report.ipynb": notebook("1"),
    "conflict.ipynb": notebook("rate = 0.05\nyears = 10", { cell_type: "markdown", source: "## Result\n\nThe sum grows." }, "total = start * (1 + rate) ** years"),
  });
});
after(async () => {
  await browser.close();
  await hub.stop();
  assert.deepEqual(browser.errors, []);
});

/** Everything that axe finds, but for what is minor. */
async function findings(page) {
  await page.addScriptTag({ content: axe }).catch(() => page.evaluate(axe));
  const { violations } = await page.evaluate(() => window.axe.run(document, { resultTypes: ["violations"], iframes: false }));
  return violations.filter((one) => one.impact !== "minor").map((one) => `${one.impact} ${one.id}: ${one.nodes.slice(0, 3).map((node) => `${node.target.join(" ")} ${node.failureSummary?.split("\n").slice(1, 3).join(" ")}`).join("; ")}`);
}
const picture = async (page, name) => {
  await page.mouse.move(0, 0);
  await page.evaluate(() => document.querySelectorAll(".notice button.quiet").forEach((button) => button.click()));
  await page.evaluate(() => new Promise((done) => setTimeout(done, 250)));
  writeFileSync(join(pictures, name + ".png"), await page.screenshot());
};
const dark = (page, on) => page.evaluate((value) => (document.documentElement.dataset.theme = value), on ? "dark" : "light");

test("the list of notebooks, light and dark", async () => {
  const ana = await browser.open(hub, "penguins.ipynb", "Ana Lima");
  const ben = await browser.open(hub, "survey 2026.ipynb", "Ben Okoro");
  const train = await browser.open(hub, "model/train.ipynb", "Cho Park");
  await enter(ben, 0);
  await ben.keyboard.type("  # faster");
  const home = await browser.page(hub, "", "Dana Reyes");
  await home.waitForSelector("[aria-label='Here: Ana Lima']");
  await home.setViewportSize({ width: 1280, height: 620 });
  await picture(home, "home");
  assert.deepEqual(await findings(home), []);
  await dark(home, true);
  assert.deepEqual(await findings(home), []);
  for (const page of [ana, ben, train, home]) await page.close();
});

test("a notebook with outputs, light and dark", async () => {
  const page = await browser.open(hub, "penguins.ipynb", "Ana Lima");
  await page.waitForSelector("table.dataframe");
  await page.waitForSelector(".katex");
  await select(page, 1);
  await picture(page, "notebook");
  assert.deepEqual(await findings(page), []);
  await dark(page, true);
  await page.evaluate(() => document.getElementById("cell-oops").scrollIntoView({ block: "start" }));
  await page.waitForSelector("#cell-json .json");
  await picture(page, "dark");
  assert.deepEqual(await findings(page), []);
  await page.evaluate(() => scrollTo(0, document.body.scrollHeight));
  await page.waitForSelector("#cell-script .held");
  assert.deepEqual(await findings(page), []);
  await page.close();
});

test("two people in one cell", async () => {
  const a = await browser.open(hub, "penguins.ipynb", "Ana Lima");
  const b = await browser.open(hub, "penguins.ipynb", "Ben Okoro");
  const c = await browser.open(hub, "penguins.ipynb", "Cho Park");
  await enter(b, 1);
  await b.keyboard.press("ArrowUp");
  await b.keyboard.press("Home");
  await b.keyboard.press("Shift+End");
  await enter(c, 2);
  await c.keyboard.type("  # by species");
  await enter(a, 1);
  await a.keyboard.press("Control+Home");
  await a.waitForSelector(".peer-selection");
  await picture(a, "together");
  assert.deepEqual(await findings(a), []);
  for (const page of [a, b, c]) await page.close();
});

test("a conflict, and its difference", async () => {
  const page = await browser.open(hub, "conflict.ipynb", "Ana Lima");
  await enter(page, 0);
  await page.keyboard.type("0");
  // The cell that is edited here is deleted on disk: a person has to decide.
  hub.write("conflict.ipynb", notebook({ cell_type: "markdown", id: "cell-1", source: "## Result\n\nThe sum grows by a third." }, { cell_type: "code", id: "cell-2", source: "total = start * (1 + rate) ** years" }));
  await standing(page, "conflict");
  await page.waitForSelector("#saving-panel:not([hidden])");
  assert.deepEqual(await findings(page), []);
  await page.click("#saving-panel button:text('Show the difference')");
  await page.waitForSelector("dialog .difference");
  await picture(page, "conflict");
  assert.deepEqual(await findings(page), []);
  await page.close();
});

test("dialogs, menus, the find bar and the sheet of keys", async () => {
  const page = await browser.open(hub, "notes.ipynb", "Ana Lima");
  await page.click(".topbar [aria-label='More']");
  assert.deepEqual(await findings(page), []);
  await page.keyboard.press("Escape");
  await page.keyboard.press("Control+f");
  await page.fill("[aria-label='Find']", "Notes");
  assert.deepEqual(await findings(page), []);
  await page.keyboard.press("Escape");
  await page.keyboard.press("h");
  await page.waitForSelector("dialog");
  assert.deepEqual(await findings(page), []);
  await picture(page, "keyboard");
  await page.keyboard.press("Escape");
  await page.click(".people .self");
  assert.deepEqual(await findings(page), []);
  await page.close();
});

test("on a phone nothing is wider than the screen", async () => {
  const page = await browser.open(hub, "penguins.ipynb", "Ana Lima");
  await page.setViewportSize({ width: 390, height: 800 });
  await page.waitForSelector("table.dataframe");
  assert.equal(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), true);
  await picture(page, "phone");
  assert.deepEqual(await findings(page), []);
  const home = await browser.page(hub, "", "Ana Lima");
  await home.setViewportSize({ width: 390, height: 800 });
  await home.waitForSelector(".row");
  assert.equal(await home.evaluate(() => document.documentElement.scrollWidth <= innerWidth), true);
  await picture(home, "phone-home");
  for (const one of [page, home]) await one.close();
});

test("nothing jumps while the page fills", async () => {
  const page = await browser.page(hub, "", "Ana Lima");
  await page.addInitScript(() => {
    window.shift = 0;
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries()) if (!entry.hadRecentInput) window.shift += entry.value;
    }).observe({ type: "layout-shift", buffered: true });
  });
  for (const address of ["", "notebooks/penguins.ipynb"]) {
    await page.goto(hub.url + address);
    await page.waitForSelector(address ? ".katex" : ".row-link");
    await page.evaluate(() => new Promise((done) => setTimeout(done, 700)));
    const shift = await page.evaluate(() => window.shift);
    assert.ok(shift < 0.1, `${address || "home"} moved by ${shift}`);
  }
  await page.close();
});

test("light and dark follow the system until a person chooses", async () => {
  const page = await browser.open(hub, "notes.ipynb", "Ana Lima");
  const is = (theme) => page.waitForFunction((dark) => Number(/\d+/.exec(getComputedStyle(document.body).color)[0]) > 128 === dark, theme === "dark");
  await page.emulateMedia({ colorScheme: "dark" });
  await is("dark");
  await page.emulateMedia({ colorScheme: "light" });
  await is("light");
  const choose = async (name) => {
    await page.click(".topbar [aria-label='More']");
    await page.getByRole("menuitemradio", { name, exact: true }).click();
  };
  await choose("Dark");
  await is("dark");
  await page.reload();
  await page.waitForSelector("main[data-synced=true] .cell");
  await is("dark");
  await choose("Theme of the system");
  await is("light");
  await page.close();
});

test("the keyboard alone leads everywhere", async () => {
  const page = await browser.page(hub, "", "Ana Lima");
  await page.waitForSelector(".row-link");
  for (let i = 0; i < 30 && !(await page.evaluate(() => document.activeElement?.textContent === "notes.ipynb")); i++) await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  await page.waitForSelector("main[data-synced=true] .cell");
  await page.keyboard.press("Enter");
  await page.waitForSelector(".cm-editor.cm-focused");
  await page.keyboard.press("Control+End");
  await page.keyboard.type("\nby keys");
  await page.keyboard.press("Shift+Enter");
  await page.waitForSelector(".prose:has-text('by keys')");
  await page.keyboard.press("Escape");
  await page.keyboard.press("k");
  await page.keyboard.press("Shift+Tab");
  await page.keyboard.press("Shift+Tab");
  assert.equal(await page.evaluate(() => document.activeElement?.closest(".topbar") !== null), true);
  await page.close();
});
