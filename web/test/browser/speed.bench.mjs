// How fast it is: figures, not tests. Run alone, on a quiet machine.
import { notebook, enter, startBrowser, startHub } from "./harness.mjs";
import { long } from "./notebooks/make.mjs";

const hub = await startHub({ "long.ipynb": long(500), "a.ipynb": notebook("") });
const browser = await startBrowser();
const quantile = (values, q) => [...values].sort((x, y) => x - y)[Math.min(values.length - 1, Math.floor(q * values.length))];
const say = (name, values, unit = "ms") => console.log(`${name.padEnd(58)} p50 ${quantile(values, 0.5).toFixed(1)} ${unit}, p95 ${quantile(values, 0.95).toFixed(1)} ${unit}, max ${Math.max(...values).toFixed(1)} ${unit} (n=${values.length})`);

// From the navigation to the first cell with its text on screen.
const first = [];
const settled = [];
for (let i = 0; i < 7; i++) {
  const page = await browser.page(hub, "", "Ana");
  await page.addInitScript(() => {
    const seen = () => {
      if (document.querySelector(".cell .prose h2, .cell .cm-line, .cell .still")) window.firstCell = performance.now();
      else requestAnimationFrame(seen);
    };
    requestAnimationFrame(seen);
  });
  await page.goto(hub.url + "notebooks/long.ipynb?name=Ana");
  await page.waitForFunction(() => window.firstCell);
  await page.waitForSelector(".cm-editor");
  first.push(await page.evaluate(() => window.firstCell));
  settled.push(await page.evaluate(() => performance.now()));
  await page.close();
}
say("500 cells: navigation to first cell", first);
say("500 cells: navigation to first editor", settled);

// Scrolling through all of it at the pace of a wheel.
const page = await browser.open(hub, "long.ipynb", "Ana");
await page.waitForFunction(() => document.querySelectorAll(".cell").length === 500);
const frames = await page.evaluate(async () => {
  const times = [];
  let last = performance.now();
  const end = document.documentElement.scrollHeight;
  for (let y = 0; y < end; y += 120) {
    scrollTo(0, y);
    await new Promise((done) => requestAnimationFrame(done));
    const now = performance.now();
    times.push(now - last);
    last = now;
  }
  return times;
});
say("500 cells: a frame while scrolling 120 px a frame", frames);
console.log("editors alive after it", await page.evaluate(() => window.notebook.editors.size));
await page.close();

// From the key in one page to the text in the other page's DOM; both pages share a clock.
const a = await browser.open(hub, "a.ipynb", "Ana");
const b = await browser.open(hub, "a.ipynb", "Ben");
await enter(a, 0);
await b.waitForSelector(".cm-content");
await a.evaluate(() => {
  window.sent = [];
  document.addEventListener("keydown", () => window.sent.push(performance.timeOrigin + performance.now()), true);
});
await b.evaluate(() => {
  window.got = [];
  let length = 0;
  const content = document.querySelector(".cm-content");
  new MutationObserver(() => {
    const clone = content.cloneNode(true);
    for (const caret of clone.querySelectorAll(".caret")) caret.remove();
    const now = performance.timeOrigin + performance.now();
    for (; length < clone.textContent.length; length++) window.got.push(now);
  }).observe(content, { childList: true, characterData: true, subtree: true });
});
for (let i = 0; i < 300; i++) {
  await a.keyboard.press("x");
  await new Promise((done) => setTimeout(done, 12));
}
await b.waitForFunction(() => window.got.length >= 300);
const sent = await a.evaluate(() => window.sent);
const got = await b.evaluate(() => window.got);
say("keystroke to the other page's DOM", got.slice(0, 300).map((time, i) => time - sent[i]));

await browser.close();
await hub.stop();
process.exit(0);
