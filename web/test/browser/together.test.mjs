// People work on one notebook at once: what every page and the file on disk end up with.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { agree, cut, enter, ids, notebook, restore, save, select, shown, sources, standing, startBrowser, startHub, until } from "./harness.mjs";

let hub;
let browser;
before(async () => {
  browser = await startBrowser();
});
after(async () => {
  await browser.close();
  assert.deepEqual(browser.errors, []);
  assert.deepEqual(browser.reports, []);
});

async function scene(files, people, run) {
  hub = await startHub(files);
  const pages = [];
  try {
    for (const name of people) pages.push(await browser.open(hub, "a.ipynb", name));
    await run(...pages);
  } finally {
    for (const page of pages) await page.close();
    await hub.stop();
  }
}

test("three people type in the same cell at once", () =>
  scene({ "a.ipynb": notebook("start\n") }, ["Ana", "Ben", "Cho"], async (a, b, c) => {
    for (const page of [a, b, c]) await enter(page, 0);
    await Promise.all([a.keyboard.type("aaaaaaaaaaaaaaaaaaaa", { delay: 5 }), b.keyboard.type("bbbbbbbbbbbbbbbbbbbb", { delay: 4 }), c.keyboard.type("cccccccccccccccccccc", { delay: 6 })]);
    const [text] = await agree(a, b, c);
    assert.equal(text.length, "start\n".length + 60);
    for (const letter of "abc") assert.equal(text.slice(6).split(letter).length - 1, 20);
    for (const page of [a, b, c]) assert.equal(await shown(page, 0), text.replace("\n", ""));
    await save(a);
    assert.deepEqual(hub.sources("a.ipynb"), [text]);
  }));

test("two people type in different cells, Markdown and code", () =>
  scene({ "a.ipynb": notebook("", { cell_type: "markdown", source: "# Title" }) }, ["Ana", "Ben"], async (a, b) => {
    await enter(a, 0);
    await enter(b, 1);
    await Promise.all([a.keyboard.type("x = 1", { delay: 3 }), b.keyboard.type(" of *b*", { delay: 3 })]);
    assert.deepEqual(await agree(a, b), ["x = 1", "# Title of *b*"]);
    await until(async () => (await a.textContent(".cell-markdown h1")) === "Title of b", "the rendered heading");
    await save(b);
    assert.deepEqual(hub.sources("a.ipynb"), ["x = 1", "# Title of *b*"]);
  }));

test("cells move, go and come while somebody writes in them", () =>
  scene({ "a.ipynb": notebook("one", "two", "three", "four") }, ["Ana", "Ben"], async (a, b) => {
    await enter(b, 0);
    await b.keyboard.type(" by Ben");
    await agree(a, b);
    await select(a, 0);
    await a.keyboard.press("Alt+ArrowDown");
    await a.keyboard.press("Alt+ArrowDown");
    await until(async () => (await ids(b))[2] === "cell-0", "the move to arrive");
    await b.keyboard.type(" still");
    assert.deepEqual(await agree(a, b), ["two", "three", "one by Ben still", "four"]);
    await select(a, 3);
    await a.keyboard.press("d");
    await a.keyboard.press("d");
    await select(a, 0);
    await a.keyboard.press("b");
    await a.keyboard.press("Enter");
    await a.keyboard.type("new");
    assert.deepEqual(await agree(a, b), ["two", "new", "three", "one by Ben still"]);
    await save(a);
    assert.deepEqual(hub.sources("a.ipynb"), ["two", "new", "three", "one by Ben still"]);
  }));

test("both move the same cell at once: it is there once", () =>
  scene({ "a.ipynb": notebook("one", "two", "three") }, ["Ana", "Ben"], async (a, b) => {
    await cut(b);
    await select(a, 0);
    await a.keyboard.press("Alt+ArrowDown");
    await select(b, 0);
    await b.keyboard.press("Alt+ArrowDown");
    await b.keyboard.press("Alt+ArrowDown");
    await restore(b);
    const result = await agree(a, b);
    assert.deepEqual([...result].sort(), ["one", "three", "two"]);
  }));

test("offline edits of both sides merge on return, once", () =>
  scene({ "a.ipynb": notebook("hello", "world") }, ["Ana", "Ben"], async (a, b) => {
    await enter(b, 0);
    await cut(b);
    await b.keyboard.type(" from afar");
    assert.match(await b.textContent(".state-label"), /Offline, \d+ edits waiting/);
    await b.keyboard.press("Escape");
    await b.keyboard.press("b");
    await enter(a, 0);
    await a.keyboard.press("Control+Home");
    await a.keyboard.type("oh, ");
    await enter(a, 1);
    await a.keyboard.type("!");
    await restore(b);
    assert.deepEqual(await agree(a, b), ["oh, hello from afar", "", "world!"]);
    await save(b);
    assert.deepEqual(hub.sources("a.ipynb"), ["oh, hello from afar", "", "world!"]);
  }));

test("the hub dies under both and comes back: nothing is lost or doubled", () =>
  scene({ "a.ipynb": notebook("start") }, ["Ana", "Ben"], async (a, b) => {
    await enter(a, 0);
    await a.keyboard.type(" acknowledged");
    await agree(a, b);
    await hub.kill("SIGKILL");
    await standing(a, "offline");
    await a.keyboard.type(", offline");
    await enter(b, 0);
    await b.keyboard.press("Control+Home");
    await b.keyboard.type("b ");
    await hub.start();
    for (const page of [a, b]) await page.waitForFunction(() => window.notebook.session.link.peek() === "live");
    assert.deepEqual(await agree(a, b), ["b start acknowledged, offline"]);
    await save(a);
    assert.deepEqual(hub.sources("a.ipynb"), ["b start acknowledged, offline"]);
  }));

test("a page that asks why the hub was gone, and hears of a room at rest, goes on", () =>
  scene({ "a.ipynb": notebook("start") }, ["Ana"], async (a) => {
    const rooms = /\/api\/v1\/rooms\/[^/]+$/;
    const { id } = (await hub.api("GET", "rooms")).body.rooms[0];
    await hub.kill("SIGTERM");
    // The answer is that of a hub which is back while the page still waits for its turn to connect.
    await a.route(rooms, (route) => route.fulfill({ json: { id, path: "a.ipynb", state: "live", open: false } }));
    await (await a.waitForResponse(rooms)).finished();
    await hub.start();
    await a.waitForFunction(() => window.notebook.session.link.peek() === "live");
    await enter(a, 0);
    await a.keyboard.type(" and on");
    await save(a);
    assert.deepEqual(hub.sources("a.ipynb"), ["start and on"]);
  }));

test("undo takes back mine and leaves theirs", () =>
  scene({ "a.ipynb": notebook("") }, ["Ana", "Ben"], async (a, b) => {
    await enter(a, 0);
    await a.keyboard.type("mine mine");
    await agree(a, b);
    await enter(b, 0);
    await b.keyboard.press("Home");
    await b.keyboard.type("theirs ");
    await agree(a, b);
    await a.keyboard.press("Control+z");
    await a.keyboard.press("Control+z");
    await a.keyboard.press("Control+z");
    assert.deepEqual(await agree(a, b), ["theirs "]);
    await a.keyboard.press("Control+Shift+z");
    assert.deepEqual(await agree(a, b), ["theirs mine mine"]);
  }));

test("undo brings back a deleted cell, from command mode", () =>
  scene({ "a.ipynb": notebook("one", "two", "three") }, ["Ana", "Ben"], async (a, b) => {
    await select(a, 1);
    await a.keyboard.press("d");
    await a.keyboard.press("d");
    assert.deepEqual(await agree(a, b), ["one", "three"]);
    await a.keyboard.press("z");
    assert.deepEqual(await agree(a, b), ["one", "two", "three"]);
    assert.deepEqual(await ids(b), ["cell-0", "cell-1", "cell-2"]);
  }));

test("one sees who is there, where, and their cursor and selection", () =>
  scene({ "a.ipynb": notebook("first", "second line") }, ["Ana Lima", "Ben Okoro"], async (a, b) => {
    await a.waitForSelector(".people .avatar[title^='Ben Okoro']");
    await enter(b, 1);
    await a.waitForSelector("#cell-cell-1 .margin .who[aria-label='Ben Okoro is here']");
    await a.waitForSelector("#cell-cell-1 .caret-flag:text('Ben Okoro')");
    await b.keyboard.press("Shift+Home");
    await until(async () => (await a.textContent("#cell-cell-1 .peer-selection")) === "second line", "the selection");
    assert.equal(await a.locator("#cell-cell-0 .caret").count(), 0);
    await b.close();
    await a.waitForSelector(".notice:has-text('Ben Okoro left')", { timeout: 20_000 });
    assert.equal(await a.locator(".people .avatar[title^='Ben']").count(), 0);
  }));

test("a cell that is retyped by another keeps its text and the place of whoever writes", () =>
  scene({ "a.ipynb": notebook("x = 1") }, ["Ana", "Ben"], async (a, b) => {
    await enter(b, 0);
    await b.keyboard.type(" # b");
    await agree(a, b);
    await select(a, 0);
    await a.keyboard.press("m");
    await b.waitForSelector(".cell-markdown .cm-editor.cm-focused");
    await b.keyboard.type("!");
    assert.deepEqual(await agree(a, b), ["x = 1 # b!"]);
  }));

test("the keyboard does what Jupyter's does", () =>
  scene({ "a.ipynb": notebook("one", "two", "three") }, ["Ana"], async (a) => {
    await select(a, 0);
    const press = async (...keys) => { for (const key of keys) await a.keyboard.press(key); };
    await press("j", "c", "v");
    assert.deepEqual(await sources(a), ["one", "two", "two", "three"]);
    await press("k", "Shift+J", "Shift+M");
    assert.deepEqual(await sources(a), ["one", "two\n\ntwo", "three"]);
    await press("Enter", "Control+Home", "ArrowDown", "Control+Shift+-");
    assert.deepEqual(await sources(a), ["one", "two", "two", "three"]);
    await press("Escape", "x", "a", "Enter");
    await a.keyboard.type("above");
    assert.equal((await sources(a)).filter((text) => text === "above").length, 1);
    await press("Escape", "2");
    assert.match((await sources(a)).find((text) => text.includes("above")), /^## above$/);
    await press("Escape", "h");
    await a.waitForSelector("dialog:has-text('Keyboard')");
    await press("Escape");
    await a.waitForSelector("dialog", { state: "detached" });
    assert.equal(await a.evaluate(() => document.activeElement.closest(".cell") !== null), true);
  }));

test("find and replace over all cells, undone in one step", () =>
  scene({ "a.ipynb": notebook("foo(1)", { cell_type: "markdown", source: "the foo" }, "bar") }, ["Ana"], async (a) => {
    await select(a, 0);
    await a.keyboard.press("Control+f");
    await a.keyboard.type("foo");
    await a.waitForSelector(".find-count:text('1 of 2')");
    await a.click("[aria-label='Show replace']");
    await a.fill("[aria-label='Replace by']", "baz");
    await a.click("button:text-is('All')");
    assert.deepEqual(await sources(a), ["baz(1)", "the baz", "bar"]);
    await a.keyboard.press("Escape");
    await a.keyboard.press("z");
    assert.deepEqual(await sources(a), ["foo(1)", "the foo", "bar"]);
  }));

test("cells are dragged by their grip", () =>
  scene({ "a.ipynb": notebook("one", "two", "three") }, ["Ana"], async (a) => {
    await a.hover(".cell >> nth=0");
    const box = await a.locator(".cell").nth(2).boundingBox();
    await a.locator(".grip").first().dragTo(a.locator(".cell").nth(2), { targetPosition: { x: 200, y: box.height - 4 } });
    assert.deepEqual(await sources(a), ["two", "three", "one"]);
  }));
