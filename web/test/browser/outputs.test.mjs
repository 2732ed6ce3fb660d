// Outputs: drawn well, and harmless whatever they hold.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { enter, notebook, notebooks, startBrowser, startHub, until } from "./harness.mjs";
import { hostile, huge, large } from "./notebooks/make.mjs";

let hub;
let browser;
before(async () => {
  browser = await startBrowser();
  hub = await startHub({ "penguins.ipynb": JSON.parse(readFileSync(join(notebooks, "penguins.ipynb"), "utf8")), "hostile.ipynb": hostile(), "huge.ipynb": huge(), "large.ipynb": large() });
});
after(async () => {
  await browser.close();
  await hub.stop();
  assert.deepEqual(browser.errors, []);
});

/** Scrolls through the whole page, so that everything is drawn. */
async function readAll(page) {
  for (let at = 0, end = 1; at < end; at += 500) {
    await page.evaluate((y) => scrollTo(0, y), at);
    await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
    end = await page.evaluate(() => document.documentElement.scrollHeight);
  }
}

test("tables, pictures, formulas, tracebacks and trees are drawn", async () => {
  const page = await browser.open(hub, "penguins.ipynb");
  await readAll(page);
  assert.equal(await page.locator("table.dataframe tbody tr").count(), 5);
  await page.waitForSelector("#cell-eq .katex-display");
  const [svg, png] = await page.$$eval(".picture", (images) => images.map((image) => [image.naturalWidth, image.getAttribute("width")]));
  assert.deepEqual(svg, [420, null]);
  assert.deepEqual(png, [320, "320"]);
  assert.match(await page.textContent(".traceback"), /KeyError: 'mass'/);
  assert.equal(await page.locator(".traceback .ansi-red-fg").count() > 0, true);
  assert.match(await page.textContent(".json"), /Chinstrap/);
  assert.match(await page.textContent("#cell-long .folded"), /2,601 of 3,001 lines not shown/);
  await page.click("#cell-long button:text('Show more')");
  assert.equal(await page.locator("#cell-long .folded").count(), 0);
  assert.deepEqual(browser.reports, []);
  await page.close();
});

test("code in Markdown is coloured in the languages that cells have, and stays as it is in others", async () => {
  const fence = (language, text) => "```" + language + "\n" + text + "\n```";
  hub.write("fences.ipynb", notebook({ cell_type: "markdown", source: [fence("python", "def f(): pass"), fence("r", "f <- function(x) 1"), fence("sql", "select 1"), fence("bash", "if true; then"), fence("julia", "while true"), fence("brainfuck", "+[<b>]")].join("\n\n") }));
  const page = await browser.open(hub, "fences.ipynb");
  for (const [language, keyword] of [["python", "def"], ["r", "function"], ["sql", "select"], ["bash", "if"], ["julia", "while"]]) await page.waitForSelector(`code.language-${language} .tok-keyword:text('${keyword}')`);
  assert.equal(await page.textContent("code.language-python"), "def f(): pass\n");
  assert.equal(await page.innerHTML("code.language-brainfuck"), "+[&lt;b&gt;]\n");
  await page.close();
});

test("a widget is shown as its text", async () => {
  const widget = { output_type: "display_data", metadata: {}, data: { "application/vnd.jupyter.widget-view+json": { model_id: "x" }, "text/plain": "IntSlider(value=3)" } };
  hub.write("widget.ipynb", notebook({ cell_type: "code", source: "w", outputs: [widget] }));
  const page = await browser.open(hub, "widget.ipynb");
  assert.match(await page.textContent(".widget"), /IntSlider\(value=3\).*shown as text/);
  await page.close();
});

test("HTML that needs scripts waits for a word, then runs in an origin of its own", async () => {
  const page = await browser.open(hub, "penguins.ipynb");
  await page.evaluate(() => document.getElementById("cell-script").scrollIntoView());
  await page.click("#cell-script button:text('Run it')");
  const frame = page.frameLocator("#cell-script iframe");
  await frame.locator("#p:text('script ran in null')").waitFor();
  await until(async () => (await page.locator("#cell-script iframe").boundingBox()).height < 100, "the frame to fit");
  const reach = await page.frames().find((one) => one.url().endsWith("sandbox.html")).evaluate(async () => {
    const tried = {};
    try { tried.parent = String(parent.document.title); } catch { tried.parent = "refused"; }
    try { tried.cookie = document.cookie; } catch { tried.cookie = "refused"; }
    try { await fetch("/api/v1/notebooks"); tried.fetch = "went"; } catch { tried.fetch = "refused"; }
    return tried;
  });
  assert.deepEqual(reach, { parent: "refused", cookie: "refused", fetch: "refused" });
  browser.reports.length = 0; // the frame's own policy reported the tried fetch
  await page.close();
});

test("a hostile notebook runs nothing, leaks nothing, covers nothing", async () => {
  browser.reports.length = 0;
  browser.foreign.clear();
  const page = await browser.open(hub, "hostile.ipynb");
  await readAll(page);
  for (const link of await page.locator("main a").all()) {
    const href = await link.getAttribute("href");
    assert.doesNotMatch(href ?? "", /script:/i);
  }
  await page.evaluate(() => new Promise((done) => setTimeout(done, 500)));
  for (const frame of page.frames()) assert.equal(await frame.evaluate(() => window.pwned), undefined);
  assert.equal(await page.evaluate(() => ({}).polluted), undefined);
  assert.deepEqual([...browser.foreign], []);
  assert.deepEqual(browser.reports, []);
  // The bar is still there, and on top.
  await page.evaluate(() => scrollTo(0, 0));
  for (const target of [".state", ".title-button"]) {
    const free = await page.evaluate((selector) => {
      const box = document.querySelector(selector).getBoundingClientRect();
      return document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2)?.closest(selector) !== null;
    }, target);
    assert.equal(free, true, `${target} is covered`);
  }
  // Even when a person says yes, its scripts stay in their boxes.
  assert.deepEqual(browser.errors, []);
  for (let left = await page.locator("button:text('Run it')").count(); left > 0; left--) await page.locator("button:text('Run it')").first().click();
  await page.evaluate(() => new Promise((done) => setTimeout(done, 800)));
  assert.equal(await page.evaluate(() => window.pwned), undefined);
  assert.deepEqual([...browser.foreign], []);
  browser.reports.length = 0; // what the frames' own policy stopped,
  browser.errors.length = 0; // and what their origin did
  await page.close();
});

test("large outputs are kept beside the document: pictures load, the rest on demand", async () => {
  const page = await browser.open(hub, "large.ipynb");
  await until(() => page.evaluate(() => document.querySelector(".picture")?.naturalWidth === 640), "the picture");
  assert.match(await page.getAttribute(".picture", "src"), /\/blobs\/[0-9a-f]{64}$/);
  await page.click("#cell-cell-1 button:text('Show it')");
  await page.waitForSelector("#cell-cell-1 caption:text('large')");
  assert.deepEqual(browser.reports, []);
  await page.close();
});

test("ten megabytes of text do not freeze the page", async () => {
  const page = await browser.open(hub, "huge.ipynb");
  await page.waitForSelector(".outputs-inner");
  await readAll(page);
  // What is drawn is bounded, however much there is.
  assert.ok((await page.locator("main *").count()) < 20_000);
  assert.ok((await page.evaluate(() => document.querySelector("main").textContent.length)) < 200_000);
  // And the page goes on: keys reach it.
  await enter(page, 0);
  await page.keyboard.type("0");
  await page.waitForFunction(() => window.notebook.cells.list.peek()[0].text === "first = 10");
  await page.close();
});
