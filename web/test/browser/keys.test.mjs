// One person at the keyboard: every key that the help sheet promises for everyday work, several cells at once, and languages.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { enter, ids, notebook, save, select, sources, startBrowser, startHub } from "./harness.mjs";

let hub;
let browser;
before(async () => {
  browser = await startBrowser();
  hub = await startHub();
});
after(async () => {
  await browser.close();
  await hub.stop();
  assert.deepEqual(browser.errors, []);
  assert.deepEqual(browser.reports, []);
});

async function scene(name, cells, run, metadata = {}) {
  const content = notebook(...cells);
  hub.write(name, { ...content, metadata: { ...content.metadata, ...metadata } });
  const page = await browser.open(hub, name);
  await select(page, 0);
  /** Presses keys in a row; what must follow quickly is not waited for in between. */
  const press = async (...keys) => { for (const key of keys) await Promise.all(key.split(" ").map((one) => page.keyboard.press(one))); };
  await run(page, press);
  await page.close();
}
const types = (page) => page.evaluate(() => window.notebook.cells.list.peek().map((cell) => cell.type.peek()));
const active = (page) => page.evaluate(() => [window.notebook.cells.index(window.notebook.active.peek()), window.notebook.mode.peek()]);
const chosen = (page) => page.evaluate(() => window.notebook.chosen().map((cell) => cell.text));

test("command mode: move about, insert, delete, undo, change the type, cut, copy, paste, merge", () =>
  scene("command.ipynb", ["one", "two", "three"], async (page, press) => {
    await press("ArrowDown", "j", "ArrowUp");
    assert.deepEqual(await active(page), [1, "command"]);
    await press("k", "a");
    assert.deepEqual(await sources(page), ["", "one", "two", "three"]);
    assert.deepEqual(await active(page), [0, "command"]);
    await press("d d");
    assert.deepEqual(await sources(page), ["one", "two", "three"]);
    await press("b");
    assert.deepEqual(await sources(page), ["one", "", "two", "three"]);
    await press("z");
    assert.deepEqual(await sources(page), ["one", "two", "three"]);
    await press("Shift+Z");
    assert.deepEqual(await sources(page), ["one", "", "two", "three"]);
    await press("z");
    await select(page, 1);
    await press("m");
    assert.deepEqual(await types(page), ["code", "markdown", "code"]);
    await press("r");
    assert.deepEqual(await types(page), ["code", "raw", "code"]);
    await press("y");
    assert.deepEqual(await types(page), ["code", "code", "code"]);
    await press("x");
    assert.deepEqual(await sources(page), ["one", "three"]);
    await press("v");
    assert.deepEqual(await sources(page), ["one", "three", "two"]);
    await press("c", "k", "Shift+V");
    assert.deepEqual(await sources(page), ["one", "two", "three", "two"]);
    await press("Shift+M");
    assert.deepEqual(await sources(page), ["one", "two\n\nthree", "two"]);
    await save(page);
    assert.deepEqual(hub.sources("command.ipynb"), ["one", "two\n\nthree", "two"]);
    assert.equal(new Set(await ids(page)).size, 3);
  }));

test("edit mode: into a cell and out of it, run and go on, split", () =>
  scene("edit.ipynb", [{ cell_type: "markdown", source: "# Title" }, { cell_type: "markdown", source: "text" }], async (page, press) => {
    await press("Enter");
    await page.waitForSelector("#cell-cell-0 .cm-focused");
    assert.deepEqual(await active(page), [0, "edit"]);
    await press("Control+Enter");
    assert.deepEqual(await active(page), [0, "command"]);
    await page.waitForSelector("#cell-cell-0 .prose h1:text('Title')");
    await press("Enter", "Shift+Enter");
    assert.deepEqual(await active(page), [1, "command"]);
    await press("Alt+Enter");
    assert.deepEqual(await sources(page), ["# Title", "text", ""]);
    assert.deepEqual(await active(page), [2, "edit"]);
    await page.keyboard.type("abcd");
    await press("ArrowLeft", "ArrowLeft", "Control+Shift+-");
    assert.deepEqual(await sources(page), ["# Title", "text", "ab", "cd"]);
    await press("Control+z");
    assert.deepEqual(await sources(page), ["# Title", "text", "abcd"]);
    await press("Escape");
    assert.equal((await active(page))[1], "command");
    // At the end, running makes room for the next thought.
    await select(page, 2);
    await press("m", "Shift+Enter");
    assert.deepEqual(await sources(page), ["# Title", "text", "abcd", ""]);
    assert.deepEqual(await active(page), [3, "edit"]);
  }));

test("several cells are selected, moved by keys, and deleted together", () =>
  scene("several.ipynb", ["one", "two", "three", "four"], async (page, press) => {
    await press("Shift+ArrowDown");
    assert.deepEqual(await chosen(page), ["one", "two"]);
    assert.equal(await page.locator(".cell.selected").count(), 2);
    await press("Alt+ArrowDown");
    assert.deepEqual(await sources(page), ["three", "one", "two", "four"]);
    await press("Control+Shift+ArrowDown");
    assert.deepEqual(await sources(page), ["three", "four", "one", "two"]);
    await press("Alt+ArrowUp");
    await page.locator(".cell").nth(3).locator(".gutter").click({ modifiers: ["Shift"] });
    assert.deepEqual((await chosen(page)).at(-1), "four");
    await press("Control+a");
    assert.deepEqual(await chosen(page), ["three", "one", "two", "four"]);
    await select(page, 1);
    await press("Shift+J", "d d");
    assert.deepEqual(await sources(page), ["three", "four"]);
    await press("z");
    assert.deepEqual(await sources(page), ["three", "one", "two", "four"]);
  }));

test("sources and outputs are hidden and shown, in Jupyter's own words", () =>
  scene("collapse.ipynb", [{ cell_type: "code", source: "hidden()", outputs: [{ output_type: "stream", name: "stdout", text: "said" }] }], async (page, press) => {
    await press("-");
    await page.waitForSelector("#cell-cell-0 .collapsed-part:text('hidden()')");
    await press("o");
    await page.waitForSelector("#cell-cell-0 .collapsed-part:text('1 output hidden')");
    await save(page);
    assert.deepEqual(hub.read("collapse.ipynb").cells[0].metadata, { collapsed: true, jupyter: { outputs_hidden: true, source_hidden: true } });
    await press("-", "o");
    await page.waitForSelector("#cell-cell-0 .stdout:text('said')");
    await save(page);
    assert.deepEqual(hub.read("collapse.ipynb").cells[0].metadata, {});
  }));

const languages = { python: ["def f(): pass", "def"], R: ["f <- function(x) 1", "function"], julia: ["while true end", "while"], javascript: ["const a = 1", "const"], typescript: ["type A = string", "type"], sql: ["select 1", "select"], bash: ["if true; then", "if"], go: ["func main() {}", "func"] };
for (const [language, [source, keyword]] of Object.entries(languages)) {
  test(`code is coloured as ${language}`, () =>
    scene(`${language}.ipynb`, [source], async (page) => {
      await page.waitForSelector(`.cm-line .tok-keyword:text-is('${keyword}')`);
    }, { kernelspec: { name: language.toLowerCase(), display_name: language, language }, language_info: { name: language } }));
}

test("Markdown is coloured where it is written, and a magic changes the language of its cell", () =>
  scene("mixed.ipynb", [{ cell_type: "markdown", source: "# Title" }, "%%bash\nif true; then echo; fi"], async (page) => {
    await enter(page, 0);
    await page.waitForSelector("#cell-cell-0 .cm-line .tok-heading");
    await page.waitForSelector("#cell-cell-1 .cm-line .tok-keyword:text-is('then')");
  }));
