// The list of notebooks, and what is true about files: saving, naming, conflicts, deletion.
import assert from "node:assert/strict";
import { unlinkSync, writeFileSync } from "node:fs";
import { after, before, test } from "node:test";
import { agree, enter, notebook, save, sources, standing, startBrowser, startHub, until } from "./harness.mjs";

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

async function scene(files, run, flags) {
  hub = await startHub(files, flags);
  try {
    await run();
  } finally {
    for (const page of browser.context.pages().slice(1)) await page.close();
    await hub.stop();
  }
}
const row = (page, name) => page.locator(".row", { has: page.locator(`.row-link:text-is("${name}")`) });
async function choose(page, name, item) {
  await row(page, name).getByRole("button", { name: /^More about/ }).click();
  await page.getByRole("menuitem", { name: item }).click();
}
const answer = async (page, value) => {
  await page.fill("dialog input", value);
  await page.click("dialog button.primary");
  await page.waitForSelector("dialog", { state: "detached" });
};

test("the list shows folders and notebooks, and who is in them, as it happens", () =>
  scene({ "a.ipynb": notebook("1"), "deep/b.ipynb": notebook("2") }, async () => {
    const home = await browser.page(hub, "", "Ana Lima");
    await row(home, "a.ipynb").waitFor();
    const other = await browser.open(hub, "a.ipynb", "Ben Okoro");
    await row(home, "a.ipynb").locator("[aria-label='Here: Ben Okoro']").waitFor();
    await hub.api("POST", "notebooks", { from: "a.ipynb", to: "late.ipynb" });
    await row(home, "late.ipynb").waitFor();
    hub.write("outside.ipynb", notebook("3"));
    await row(home, "outside.ipynb").waitFor();
    await enter(other, 0);
    await other.keyboard.type("1");
    await row(home, "a.ipynb").locator(".chip:text('unsaved')").waitFor();
    await other.close();
    await row(home, "a.ipynb").locator("[aria-label^='Here']").waitFor({ state: "detached", timeout: 20_000 });
    await home.click(".row.folder .row-link");
    await row(home, "b.ipynb").waitFor();
    assert.equal(new URL(home.url()).pathname, "/tree/deep");
    await home.goBack();
    await row(home, "a.ipynb").waitFor();
    await home.fill("[aria-label='Search by name']", "b.ip");
    await row(home, "deep/b.ipynb").waitFor();
  }));

test("notebooks are made, renamed, copied, deleted, restored, uploaded and downloaded", () =>
  scene({ "a.ipynb": notebook("1") }, async () => {
    const home = await browser.page(hub, "");
    await row(home, "a.ipynb").waitFor();
    await choose(home, "a.ipynb", "Rename…");
    await answer(home, "renamed.ipynb");
    await row(home, "renamed.ipynb").waitFor();
    assert.equal(hub.exists("a.ipynb"), false);
    await choose(home, "renamed.ipynb", "Duplicate");
    await until(async () => (await home.locator(".row").count()) === 2, "the copy");
    await choose(home, "renamed.ipynb", "Delete…");
    await home.click("dialog button.primary");
    await row(home, "renamed.ipynb").waitFor({ state: "detached" });
    assert.equal(hub.exists("renamed.ipynb"), false);
    await home.click(".notice button:text('Restore')");
    await row(home, "renamed.ipynb").waitFor();
    assert.deepEqual(hub.sources("renamed.ipynb"), ["1"]);
    await home.setInputFiles("input[type=file]", { name: "up.ipynb", mimeType: "application/json", buffer: Buffer.from(JSON.stringify(notebook("uploaded"))) });
    await row(home, "up.ipynb").waitFor();
    await home.setInputFiles("input[type=file]", { name: "up.ipynb", mimeType: "application/json", buffer: Buffer.from(JSON.stringify(notebook("again"))) });
    await home.click("dialog button:text('Cancel')");
    assert.deepEqual(hub.sources("up.ipynb"), ["uploaded"]);
    await row(home, "up.ipynb").getByRole("button", { name: /^More/ }).click();
    const [download] = await Promise.all([home.waitForEvent("download"), home.getByRole("menuitem", { name: "Download" }).click()]);
    assert.equal(download.suggestedFilename(), "up.ipynb");
    await home.click("button:text('New notebook')");
    await answer(home, "fresh");
    await home.waitForSelector("main[data-synced=true] .cell");
    assert.equal(new URL(home.url()).pathname, "/notebooks/fresh.ipynb");
    await home.evaluate(() => window.notebook.edit(window.notebook.order[0]));
    await home.keyboard.type("made here");
    await save(home);
    assert.deepEqual(hub.sources("fresh.ipynb"), ["made here"]);
  }));

test("a former version is kept, looked at and brought back", () =>
  scene({ "a.ipynb": notebook("first") }, async () => {
    const page = await browser.open(hub, "a.ipynb");
    const versions = async () => {
      await page.click("[aria-label='More']");
      await page.getByRole("menuitem", { name: "Former versions…" }).click();
    };
    await versions();
    await page.click("dialog button:text('Keep the present state')");
    await page.waitForSelector(".versions li");
    await page.click("dialog button:text('Close')");
    await enter(page, 0);
    await page.keyboard.type(" and second");
    await save(page);
    await versions();
    await page.locator(".versions li button:text('Restore')").last().click();
    await page.locator("dialog button.primary:text('Restore')").last().click();
    await page.waitForFunction(() => window.notebook.cells.list.peek()[0].text === "first");
    await page.close();
  }));

test("save as moves everybody along: title, address and file", () =>
  scene({ "a.ipynb": notebook("1") }, async () => {
    const a = await browser.open(hub, "a.ipynb", "Ana");
    const b = await browser.open(hub, "a.ipynb", "Ben");
    await a.click("[aria-label='More']");
    await a.getByRole("menuitem", { name: "Save as…" }).click();
    await answer(a, "other/b");
    for (const page of [a, b]) {
      await until(async () => new URL(page.url()).pathname === "/notebooks/other/b.ipynb", "the address to follow");
      assert.match(await page.title(), /b\.ipynb · Notebook Hub/);
      assert.equal(await page.textContent(".title-name"), "b.ipynb");
    }
    await enter(b, 0);
    await b.keyboard.type("2");
    await agree(a, b);
    await save(b);
    assert.deepEqual(hub.sources("other/b.ipynb"), ["12"]);
    assert.deepEqual(hub.sources("a.ipynb"), ["1"]);
  }));

test("save as onto a notebook that is open is refused in words, and writes nothing", () =>
  scene({ "a.ipynb": notebook("1"), "b.ipynb": notebook("other") }, async () => {
    const a = await browser.open(hub, "a.ipynb", "Ana");
    await browser.open(hub, "b.ipynb", "Ben");
    await a.click("[aria-label='More']");
    await a.getByRole("menuitem", { name: "Save as…" }).click();
    await answer(a, "b.ipynb");
    await a.waitForSelector(".notice.bad:has-text('b.ipynb is open in another room')");
    assert.deepEqual(hub.sources("b.ipynb"), ["other"]);
    assert.equal(new URL(a.url()).pathname, "/notebooks/a.ipynb");
  }));

test("an untitled notebook gets its file when it gets its name", () =>
  scene({}, async () => {
    const page = await browser.page(hub, "");
    await page.waitForSelector(".empty");
    await page.click("[aria-label='More']");
    await page.getByRole("menuitem", { name: "New untitled notebook" }).click();
    await page.waitForSelector("main[data-synced=true]");
    await standing(page, "untitled");
    if ((await sources(page)).length === 0) await page.click(".add-row button >> nth=0");
    else await page.evaluate(() => window.notebook.edit(window.notebook.order[0]));
    await page.waitForSelector(".cm-editor.cm-focused");
    await page.keyboard.type("kept");
    await page.keyboard.press("Control+s");
    await answer(page, "named");
    await standing(page, "saved");
    assert.equal(new URL(page.url()).pathname, "/notebooks/named.ipynb");
    assert.deepEqual(hub.sources("named.ipynb"), ["kept"]);
  }));

test("an untitled notebook that nobody wants goes to the trash, and comes back as a file", () =>
  scene({}, async () => {
    const { id } = (await hub.api("POST", "rooms", {})).body;
    await hub.api("POST", `rooms/${id}/cells`, { source: "kept" });
    const page = await browser.page(hub, "");
    await page.click("[aria-label='More about the untitled notebook']");
    await page.getByRole("menuitem", { name: "Delete…" }).click();
    await page.click("dialog button:text-is('Delete')");
    await page.waitForSelector(".notice:has-text('in the trash')");
    assert.deepEqual((await hub.api("GET", "rooms?untitled=1")).body.rooms, []);
    await page.click("[aria-label='More']");
    await page.getByRole("menuitem", { name: "Trash" }).click();
    await page.click("dialog button:text-is('Restore')");
    await answer(page, "back");
    await page.waitForSelector(".row-link:text-is('back.ipynb')");
    assert.ok(hub.sources("back.ipynb").includes("kept"));
  }));

test("a change on disk merges with what is typed", () =>
  scene({ "a.ipynb": notebook("one", "two") }, async () => {
    const page = await browser.open(hub, "a.ipynb");
    await enter(page, 0);
    await page.keyboard.type(" typed");
    hub.write("a.ipynb", notebook("one", "two from disk"));
    await until(async () => JSON.stringify(await sources(page)) === JSON.stringify(["one typed", "two from disk"]), "both sides");
    await standing(page, "saved");
    assert.deepEqual(hub.sources("a.ipynb"), ["one typed", "two from disk"]);
  }));

test("a conflict is told, shown, and decided by a person", () =>
  scene({ "a.ipynb": notebook("one") }, async () => {
    const page = await browser.open(hub, "a.ipynb");
    await enter(page, 0);
    await page.keyboard.type(" typed");
    writeFileSync(hub.path("a.ipynb"), "<<<<<<< ours\n{}\n=======\n{}\n>>>>>>> theirs\n");
    await standing(page, "conflict");
    assert.match(await page.textContent("#saving-panel"), /decide/);
    await page.click("#saving-panel button:text('Show the difference')");
    await page.waitForSelector("dialog .diff-line.right:has-text('<<<<<<< ours')");
    await page.click("dialog button:text('Keep mine')");
    await page.click("dialog button.primary:text('Keep mine')");
    await standing(page, "saved");
    assert.deepEqual(hub.sources("a.ipynb"), ["one typed"]);
  }));

test("a file that is deleted on disk is not written again unasked", () =>
  scene({ "a.ipynb": notebook("one") }, async () => {
    const page = await browser.open(hub, "a.ipynb");
    await save(page);
    unlinkSync(hub.path("a.ipynb"));
    await standing(page, "missing");
    await enter(page, 0);
    await page.keyboard.type(" more");
    assert.equal(hub.exists("a.ipynb"), false);
    await page.click(".state");
    await page.click("#saving-panel button:text('Write the file again')").catch(async () => {
      await page.click(".state");
      await page.click("#saving-panel button:text('Write the file again')");
    });
    await standing(page, "saved");
    assert.deepEqual(hub.sources("a.ipynb"), ["one more"]);
  }));

test("a notebook that was closed by somebody says so and comes back on reload", () =>
  scene({ "a.ipynb": notebook("one") }, async () => {
    const a = await browser.open(hub, "a.ipynb", "Ana");
    const b = await browser.open(hub, "a.ipynb", "Ben");
    await enter(b, 0);
    await b.keyboard.type(" last");
    await agree(a, b);
    await a.click("[aria-label='More']");
    await a.getByRole("menuitem", { name: "Close for everybody" }).click();
    await a.click("dialog button:text-is('Close')");
    await standing(b, "ended");
    assert.match(await b.textContent("#saving-panel"), /Somebody closed this notebook/);
    assert.deepEqual(hub.sources("a.ipynb"), ["one last"]);
    await b.click("#saving-panel button:text('Reload')");
    await b.waitForSelector("main[data-synced=true] .cell");
    assert.deepEqual(await sources(b), ["one last"]);
  }));

test("an idle room is put to rest and comes back under whoever is still there", () =>
  scene({ "a.ipynb": notebook("one") }, async () => {
    const page = await browser.open(hub, "a.ipynb");
    await page.evaluate(() => window.notebook.session.provider.disconnect());
    await until(async () => (await hub.api("GET", "rooms")).body.rooms.length === 0, "the eviction");
    await page.evaluate(() => window.notebook.session.provider.connect());
    await standing(page, "saved");
    await enter(page, 0);
    await page.keyboard.type("!");
    await save(page);
    assert.deepEqual(hub.sources("a.ipynb"), ["one!"]);
  }, ["--room-idle", "1s"]));

test("the hub's end is told, and that edits are kept in the page", () =>
  scene({ "a.ipynb": notebook("one") }, async () => {
    const page = await browser.open(hub, "a.ipynb");
    await hub.kill("SIGTERM");
    await standing(page, "offline");
    await enter(page, 0);
    await page.keyboard.type("x");
    assert.match(await page.textContent(".state-label"), /Offline, 1 edit waiting/);
    await page.click(".state");
    assert.match(await page.textContent("#saving-panel"), /1 edit of yours has not reached the hub; this browser keeps it/);
  }));

test("what cannot be opened says why", () =>
  scene({ "broken.ipynb": "{", "new.ipynb": JSON.stringify({ nbformat: 9, nbformat_minor: 0, metadata: {}, cells: [] }) }, async () => {
    for (const [path, words] of [["nowhere.ipynb", /no such notebook/], ["broken.ipynb", /no notebook/], ["new.ipynb", /newer|could not be opened|no notebook/]]) {
      const page = await browser.page(hub, "notebooks/" + path);
      assert.match(await page.textContent(".apart h1"), words);
      await page.close();
    }
  }));

test("without the token the page asks for it", () =>
  scene({ "a.ipynb": notebook("one") }, async () => {
    await browser.context.clearCookies();
    const page = await browser.context.newPage();
    await page.goto(hub.url + "notebooks/a.ipynb");
    await page.fill("input[name=token]", "a-secret-for-tests");
    await page.click(".token-form button");
    await page.waitForSelector("main[data-synced=true] .cell");
    assert.equal(new URL(page.url()).search, "");
  }));

test("everything works below a path prefix", () =>
  scene({ "a.ipynb": notebook("one", { cell_type: "markdown", source: "$x$" }), "deep/b.ipynb": notebook("2") }, async () => {
    const home = await browser.page(hub, "");
    assert.equal(new URL(hub.url).pathname, "/some/prefix/");
    await row(home, "a.ipynb").locator(".row-link").click();
    await home.waitForSelector("main[data-synced=true] .cell .katex");
    assert.equal(new URL(home.url()).pathname, "/some/prefix/notebooks/a.ipynb");
    await enter(home, 0);
    await home.keyboard.type("!");
    await save(home);
    await home.reload();
    await home.waitForSelector("main[data-synced=true] .cell");
    await home.click("a[aria-label='All notebooks']");
    await row(home, "a.ipynb").waitFor();
    assert.deepEqual(hub.sources("a.ipynb"), ["one!", "$x$"]);
  }, ["--base-url", "/some/prefix"]));
