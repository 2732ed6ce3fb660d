// Pictures and files beside a notebook, and pictures inside its Markdown cells.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { writeFileSync } from "node:fs";
import { enter, notebook, save, standing, startBrowser, startHub } from "./harness.mjs";

const dot = Buffer.from("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==", "base64");
const drawing = (width) => `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="10" onload="window.top.pwned=1"><script>window.top.pwned=1</script></svg>`;

let hub;
let browser;
before(async () => {
  browser = await startBrowser();
  hub = await startHub({
    "work/trip.ipynb": notebook(
      { cell_type: "markdown", source: "![dot](img/dot.png) ![no](gone.png) ![out](../../out.png) [next](next.ipynb) [data](data.csv)" },
      { cell_type: "code", source: "1", outputs: [{ output_type: "display_data", metadata: {}, data: { "text/html": "<img src='draw.svg' alt='drawing'>" } }] },
    ),
    "work/next.ipynb": notebook("2"),
    "work/draw.svg": drawing(40),
    "work/data.csv": "a,b\n1,2\n",
    "elsewhere/draw.svg": drawing(70),
    "paste.ipynb": notebook({ cell_type: "markdown", source: "before" }, "code"),
  });
  hub.write("work/img/dot.png", "");
  writeFileSync(hub.path("work/img/dot.png"), dot);
});
after(async () => {
  await browser.close();
  await hub.stop();
  assert.deepEqual(browser.errors, []);
  assert.deepEqual(browser.reports, []);
});

test("pictures and links lead to what lies beside the notebook, also after it moved", async () => {
  const page = await browser.open(hub, "work/trip.ipynb");
  const width = (selector) => page.waitForFunction((s) => { const image = document.querySelector(s) ?? document.querySelector(".html-box > div")?.shadowRoot.querySelector(s); return image?.complete && image.naturalWidth; }, selector).then((handle) => handle.jsonValue());
  assert.equal(await width("img[alt=dot]"), 1);
  assert.equal(await width("img[alt=drawing]"), 40);
  await page.waitForSelector('img.blocked[alt="no [no picture at gone.png]"]');
  await page.waitForSelector('img.blocked[alt="out [not loaded: ../../out.png]"]');
  assert.match(await page.getAttribute("a:text('next')", "href"), /\/notebooks\/work\/next\.ipynb$/);
  const [opened] = await Promise.all([page.context().waitForEvent("page"), page.click("a:text('data')")]);
  await opened.waitForLoadState();
  assert.match(await opened.textContent("body"), /a,b\s+1,2/);
  await opened.close();
  // The folder is another one from now on, and so is what the names mean.
  const { body: rooms } = await hub.api("GET", "rooms");
  const room = rooms.rooms.find((one) => one.path === "work/trip.ipynb");
  assert.equal((await hub.api("POST", `rooms/${room.id}/rename`, { path: "elsewhere/trip.ipynb" })).status, 200);
  await page.waitForFunction(() => document.querySelector(".html-box > div").shadowRoot.querySelector("img").naturalWidth === 70);
  assert.match(await page.getAttribute("a:text('next')", "href"), /\/notebooks\/elsewhere\/next\.ipynb$/);
  await page.close();
});

test("a drawing that is opened by itself runs nothing", async () => {
  const page = await browser.page(hub, "api/v1/files/elsewhere/draw.svg");
  assert.equal(await page.evaluate(() => window.pwned), undefined);
  assert.equal(await page.evaluate(() => document.documentElement.localName), "svg");
  browser.reports.length = 0; // what its policy stopped
  await page.close();
});

test("a picture that is pasted or dropped into Markdown becomes an attachment", async () => {
  const page = await browser.open(hub, "paste.ipynb", "Ana");
  const other = await browser.open(hub, "paste.ipynb", "Ben");
  await enter(page, 0);
  await page.evaluate(give, { type: "paste", selector: ".cm-content", base64: dot.toString("base64"), name: "image.png" });
  await page.waitForFunction(() => /^before!\[image\.png\]\(attachment:image-[0-9a-f]{8}\.png\)$/.test(window.notebook.cells.list.peek()[0].text));
  await page.keyboard.type(" after");
  await page.keyboard.press("Control+Enter");
  await other.waitForFunction(() => document.querySelector(".prose img")?.naturalWidth === 1);
  await page.waitForSelector(".prose img");
  await page.evaluate(give, { type: "drop", selector: ".rendered-box", base64: dot.toString("base64"), name: "my plot.png" });
  await other.waitForFunction(() => document.querySelectorAll(".prose img").length === 2);
  await save(page);
  const [cell] = hub.read("paste.ipynb").cells;
  const names = [...[cell.source].flat().join("").matchAll(/attachment:(\S+?)\)/g)].map((hit) => hit[1]);
  assert.match([cell.source].flat().join(""), /^before!\[image\.png\]\(attachment:image-\w+\.png\) after!\[my-plot\.png\]\(attachment:my-plot-\w+\.png\)$/);
  assert.deepEqual(Object.keys(cell.attachments).sort(), names.sort());
  for (const name of names) assert.equal(cell.attachments[name]["image/png"], dot.toString("base64"));
  // Code takes none, and the page stays where it is.
  await page.evaluate(give, { type: "drop", selector: ".cell-code .gutter", base64: dot.toString("base64"), name: "x.png" });
  await page.waitForSelector(".notice:has-text('dropped into Markdown')");
  assert.equal(hub.sources("paste.ipynb")[1], "code");
  await standing(page, "saved");
  await page.close();
  await other.close();
});

/** In the page: pastes or drops a picture as a browser does. */
function give({ type, selector, base64, name }) {
  const data = new DataTransfer();
  data.items.add(new File([Uint8Array.from(atob(base64), (c) => c.charCodeAt(0))], name, { type: "image/png" }));
  const init = { bubbles: true, cancelable: true };
  const event = type === "paste" ? new ClipboardEvent("paste", { ...init, clipboardData: data }) : new DragEvent("drop", { ...init, dataTransfer: data });
  document.querySelector(selector).dispatchEvent(event);
}
