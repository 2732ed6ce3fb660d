// Edits that exist only in a page that is closed: the browser asks first, and keeps them for the next page.
import assert from "node:assert/strict";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { cut, enter, notebook, restore, save, sources, startBrowser, startHub, until } from "./harness.mjs";

let hub;
let browser;
before(async () => {
  browser = await startBrowser();
  hub = await startHub({ "a.ipynb": notebook("one"), "b.ipynb": notebook("two"), "c.ipynb": notebook("three"), "d.ipynb": notebook("four") });
});
after(async () => {
  await browser.close();
  await hub.stop();
  assert.deepEqual(browser.errors, []);
  assert.deepEqual(browser.reports, []);
});

/** How many pages' edits the browser keeps. */
const kept = (page) => page.evaluate(() => new Promise((done, fail) => {
  const request = indexedDB.open("notebook-hub.unsent", 1);
  request.onerror = fail;
  request.onsuccess = () => {
    const count = request.result.transaction("notebook-hub.unsent").objectStore("notebook-hub.unsent").count();
    count.onerror = fail;
    count.onsuccess = () => { request.result.close(); done(count.result); };
  };
}));
const keeps = (page, count) => until(async () => (await kept(page)) === count, `${count} pages' edits to be kept`);

/** Types while the hub is away. */
async function typeOffline(page, text) {
  await enter(page, 0);
  await cut(page);
  await page.keyboard.type(text);
}

test("a page with edits that the hub does not have asks before it closes", async () => {
  const page = await browser.open(hub, "a.ipynb");
  await typeOffline(page, " and a half");
  const asked = page.waitForEvent("dialog");
  const closing = page.close({ runBeforeUnload: true });
  const dialog = await asked;
  assert.equal(dialog.type(), "beforeunload");
  await dialog.dismiss();
  await closing;
  await restore(page);
  await save(page);
  await keeps(page, 0); // nothing is left to the next page
  const gone = page.waitForEvent("close");
  await page.close({ runBeforeUnload: true }); // nothing is asked: it would wait for an answer
  await gone;
  assert.deepEqual(hub.sources("a.ipynb"), ["one and a half"]);
});

test("what a closed page could not send is there with the next one, once", async () => {
  const page = await browser.open(hub, "b.ipynb");
  const other = await browser.open(hub, "a.ipynb");
  await typeOffline(page, " edits that were never sent");
  await keeps(other, 1);
  await page.close();
  assert.deepEqual(hub.sources("b.ipynb"), ["two"]);
  const next = await browser.open(hub, "b.ipynb");
  await next.waitForSelector(".notice:has-text('had not reached the hub')");
  await save(next);
  assert.deepEqual(await sources(next), ["two edits that were never sent"]);
  assert.deepEqual(hub.sources("b.ipynb"), ["two edits that were never sent"]);
  await keeps(next, 0);
  await next.reload();
  await next.waitForSelector("main[data-synced=true] .cell");
  assert.deepEqual(await sources(next), ["two edits that were never sent"]);
  await next.close();
  await other.close();
});

test("leaving for the list while the hub is away loses nothing", async () => {
  const page = await browser.open(hub, "c.ipynb");
  await typeOffline(page, " then the list");
  await page.click(".home-link");
  await page.waitForSelector("a:has-text('c.ipynb')");
  await keeps(page, 1);
  await page.click("a:has-text('c.ipynb')");
  await page.waitForFunction(() => window.notebook.cells.list.peek()[0]?.text === "three then the list");
  await save(page);
  assert.deepEqual(hub.sources("c.ipynb"), ["three then the list"]);
  await keeps(page, 0);
  await page.close();
});

test("a hub that lost its history gets none of it", async () => {
  const page = await browser.open(hub, "d.ipynb");
  await typeOffline(page, " of another time");
  await keeps(page, 1);
  await page.close();
  await hub.kill();
  rmSync(join(hub.dir, "state"), { recursive: true });
  await hub.start();
  const next = await browser.open(hub, "d.ipynb");
  await next.waitForFunction(() => window.notebook.session.link.peek() === "live");
  await save(next);
  assert.deepEqual(await sources(next), ["four"]);
  await next.close();
});
