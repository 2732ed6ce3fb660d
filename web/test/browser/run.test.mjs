// Running cells: everybody sees what runs, who asked, and what comes out. Where no Python kernel is installed, the page says so.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { agree, enter, notebook, save, select, standing, startBrowser, startHub, until } from "./harness.mjs";

let browser;
let hub;
let python = false;
before(async () => {
  browser = await startBrowser();
  hub = await startHub({
    "run.ipynb": notebook("import os, time\nfor i in range(2):\n    print(i, flush=True)\nwhile not os.path.exists('seen'):\n    time.sleep(0.05)\n6 * 7", "print('second')", { cell_type: "markdown", source: "text" }, "x = 1"),
    "ask.ipynb": notebook("name = input('Who? ')\nprint('hello', name)"),
    "stop.ipynb": notebook("import time\ntime.sleep(120)", "print('never')", "print('after')"),
    "die.ipynb": notebook("import os\nos._exit(3)", "print('alive')"),
    "type.ipynb": notebook("import os", "os.path.joi"),
    "fresh.ipynb": notebook("from IPython.display import HTML\nHTML('<p id=out>-</p><script>document.getElementById(\"out\").textContent = \"ran\"</script>')"),
  });
  const { body } = await hub.api("GET", "kernelspecs");
  python = body.kernelspecs.some((spec) => spec.name === "python3" && !spec.problem);
});
after(async () => {
  await browser.close();
  await hub.stop();
  assert.deepEqual(browser.errors, []);
  assert.deepEqual(browser.reports, []);
});

/** Without a kernel every one of these stories ends with the same words. */
async function saysSo(path) {
  const page = await browser.open(hub, path);
  await select(page, 0);
  await page.keyboard.press("Control+Enter");
  await page.waitForSelector(".notice.bad, .kernel-trouble");
  await page.close();
}
const story = (name, path, run) => test(name, async () => (python ? run() : saysSo(path)));

story("a run is seen by all: queue, who asked, outputs as they come, count, file", "run.ipynb", async () => {
  const a = await browser.open(hub, "run.ipynb", "Ana Lima");
  const b = await browser.open(hub, "run.ipynb", "Ben Okoro");
  await enter(a, 0);
  await a.keyboard.press("Shift+Enter");
  await a.keyboard.press("Shift+Enter");
  await b.waitForSelector("#cell-cell-0 .runline.running:has-text('asked by Ana Lima')");
  await b.waitForSelector("#cell-cell-1 .runline.queued:has-text('number 1 in the queue')");
  await b.waitForSelector("#cell-cell-0 .stdout:has-text('1')");
  assert.equal(await b.locator("#cell-cell-0 .runline.running").count(), 1);
  hub.write("seen", ""); // now the cell may end
  await b.waitForSelector("#cell-cell-0 .output:has-text('42')");
  await b.waitForSelector("#cell-cell-1 .stdout:has-text('second')");
  await until(async () => (await b.textContent("#cell-cell-1 .count")) === "2", "the count");
  assert.equal(await b.locator(".runline").count(), 0);
  await save(a);
  assert.equal(hub.read("run.ipynb").cells[0].outputs.at(-1).data["text/plain"].toString(), "42");
  await agree(a, b);
  // Run all, from the menu: Markdown is passed over.
  await b.click("[aria-label='Run']:not([role])");
  await b.getByRole("menuitem", { name: "Run all", exact: true }).click();
  await until(async () => (await a.textContent("#cell-cell-3 .count")) === "5", "everything to run");
  // Above the chosen cell, from it on, and after a restart from one again.
  const counts = (...wanted) => until(async () => JSON.stringify(await a.$$eval(".cell-code .count", (all) => all.map((one) => one.textContent))) === JSON.stringify(wanted), `the counts ${wanted}`);
  const run = async (name) => {
    await b.click("[aria-label='Run']:not([role])");
    await b.getByRole("menuitem", { name, exact: true }).click();
  };
  await select(b, 1);
  await run("Run all above");
  await counts("6", "4", "5");
  await select(b, 3);
  await run("Run this and all below");
  await counts("6", "4", "7");
  await run("Restart and run all…");
  await b.click("dialog button.primary");
  await counts("1", "2", "3");
  for (const page of [a, b]) await page.close();
});

story("input() asks in every page, and anybody answers", "ask.ipynb", async () => {
  const a = await browser.open(hub, "ask.ipynb", "Ana Lima");
  const b = await browser.open(hub, "ask.ipynb", "Ben Okoro");
  await enter(a, 0);
  await a.keyboard.press("Control+Enter");
  await a.waitForSelector(".prompt:has-text('Who?')");
  await b.fill(".prompt input", "Ben");
  await b.keyboard.press("Enter");
  await a.waitForSelector(".stdout:has-text('hello Ben')");
  assert.equal(await a.locator(".prompt").count(), 0);
  for (const page of [a, b]) await page.close();
});

story("an interrupt stops what runs and empties the queue", "stop.ipynb", async () => {
  const page = await browser.open(hub, "stop.ipynb");
  await page.evaluate(() => window.notebook.run(["cell-0", "cell-1"]));
  await page.waitForSelector("#cell-cell-0 .runline.running");
  await page.click("[aria-label='Interrupt']");
  await page.waitForSelector("#cell-cell-0 .traceback:has-text('KeyboardInterrupt')");
  await page.waitForFunction(() => window.notebook.session.queue.peek().length === 0);
  assert.equal(await page.locator("#cell-cell-1 .output").count(), 0);
  await page.evaluate(() => window.notebook.run(["cell-2"]));
  await page.waitForSelector("#cell-cell-2 .stdout:has-text('after')");
  await page.close();
});

story("a kernel that dies is told, and starts again", "die.ipynb", async () => {
  const page = await browser.open(hub, "die.ipynb");
  await page.evaluate(() => window.notebook.run(["cell-0"]));
  await page.waitForSelector(".kernel-trouble:has-text('The kernel died')");
  await page.click(".kernel-trouble button:text('Start again')");
  await page.waitForSelector(".kernel-trouble", { state: "detached" });
  await page.evaluate(() => window.notebook.run(["cell-1"]));
  await page.waitForSelector("#cell-cell-1 .stdout:has-text('alive')");
  await page.close();
});

story("Tab completes and Shift-Tab tells, by the kernel", "type.ipynb", async () => {
  const page = await browser.open(hub, "type.ipynb");
  await page.click(".kernel-button");
  await page.getByRole("menuitem", { name: "Choose a kernel…" }).click();
  await page.click("dialog .choice:has-text('Python')");
  await page.waitForFunction(() => window.notebook.session.kernel.peek()?.status === "idle");
  await page.evaluate(() => window.notebook.run(["cell-0"]));
  await until(async () => (await page.textContent("#cell-cell-0 .count")) === "1", "the import");
  await enter(page, 1);
  await page.keyboard.press("Tab");
  await page.waitForSelector(".cm-tooltip-autocomplete:has-text('join'), .cm-line:has-text('os.path.join')");
  if (await page.locator(".cm-tooltip-autocomplete").count()) {
    await page.waitForFunction(() => document.querySelector(".cm-tooltip-autocomplete [aria-selected]"));
    await page.evaluate(() => new Promise((done) => setTimeout(done, 120)));
    await page.keyboard.press("Enter");
  }
  await page.waitForSelector(".cm-line:has-text('os.path.join')");
  await page.keyboard.press("Shift+Tab");
  await page.waitForSelector(".inspect:has-text('join')");
  await page.keyboard.press("Escape");
  await page.waitForSelector(".inspect", { state: "detached" });
  await page.close();
});

story("scripts of an output that somebody here ran need no further word", "fresh.ipynb", async () => {
  const page = await browser.open(hub, "fresh.ipynb");
  await page.evaluate(() => window.notebook.run(["cell-0"]));
  await page.frameLocator("#cell-cell-0 iframe").locator("#out:text('ran')").waitFor();
  await page.close();
});
