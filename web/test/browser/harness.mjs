// Starts a real hub on a folder of its own, and a real browser; several pages are several people.
import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";

const here = dirname(fileURLToPath(import.meta.url));
export const repository = dirname(dirname(dirname(here)));
const token = "a-secret-for-tests";

let binary = process.env.HUB_BIN;

/** The program under test: HUB_BIN, or one built now. */
function program() {
  if (binary) return binary;
  binary = join(mkdtempSync(join(tmpdir(), "hub-bin-")), "hub");
  const built = spawnSync("go", ["build", "-o", binary, "./cmd/hub"], { cwd: repository, encoding: "utf8" });
  if (built.status !== 0) throw new Error("the hub does not build:\n" + built.stderr);
  return binary;
}

/** A notebook of sources; strings are code cells, others are taken as they are. */
export function notebook(...cells) {
  return {
    cells: cells.map((cell, i) =>
      typeof cell === "string"
        ? { id: `cell-${i}`, cell_type: "code", metadata: {}, source: cell, outputs: [], execution_count: null }
        : { id: `cell-${i}`, metadata: {}, ...(cell.cell_type === "code" ? { outputs: [], execution_count: null } : {}), ...cell },
    ),
    metadata: { kernelspec: { display_name: "Python 3", language: "python", name: "python3" }, language_info: { name: "python" } }, nbformat: 4, nbformat_minor: 5,
  };
}

/** Starts a hub that serves these files. */
export async function startHub(files = {}, flags = []) {
  const dir = mkdtempSync(join(tmpdir(), "hub-web-"));
  const root = join(dir, "root");
  mkdirSync(root);
  const hub = { root, dir, url: "", process: null, log: "" };
  hub.path = (name) => join(root, name);
  hub.write = (name, content) => {
    mkdirSync(dirname(hub.path(name)), { recursive: true });
    writeFileSync(hub.path(name), typeof content === "string" ? content : JSON.stringify(content, null, 1) + "\n");
  };
  hub.read = (name) => JSON.parse(readFileSync(hub.path(name), "utf8"));
  hub.sources = (name) => hub.read(name).cells.map((cell) => [cell.source].flat().join(""));
  hub.exists = (name) => existsSync(hub.path(name));
  for (const [name, content] of Object.entries(files)) hub.write(name, content);
  let port = "0";
  hub.start = async () => {
    hub.log = "";
    hub.process = spawn(program(), ["serve", "--root-dir", root, "--state-dir", join(dir, "state"), "--port", port, "--token", token, ...flags], { stdio: ["ignore", "pipe", "pipe"] });
    for (const stream of [hub.process.stdout, hub.process.stderr]) stream.on("data", (data) => (hub.log += data));
    await until(() => /http:\/\/[^\s?]+/.test(hub.log), "the hub to start");
    hub.url = /http:\/\/[^\s?]+/.exec(hub.log)[0];
    port = new URL(hub.url).port;
  };
  hub.kill = (signal = "SIGKILL") =>
    new Promise((done) => {
      if (!hub.process || hub.process.exitCode !== null || hub.process.signalCode) return done();
      hub.process.once("exit", done);
      hub.process.kill(signal);
    });
  hub.stop = async () => {
    await hub.kill();
    rmSync(dir, { recursive: true, force: true, maxRetries: 5 });
  };
  hub.api = async (method, path, body) => {
    const response = await fetch(hub.url + "api/v1/" + path, { method, headers: { Authorization: `Bearer ${token}`, ...(body ? { "Content-Type": "application/json" } : {}) }, body: body && JSON.stringify(body) });
    const text = await response.text();
    return { status: response.status, body: text ? JSON.parse(text) : null };
  };
  await hub.start();
  return hub;
}

/** Starts a browser. CSP reports and page errors of every page are collected. */
export async function startBrowser(options = {}) {
  const profile = mkdtempSync(join(tmpdir(), "hub-chromium-"));
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    headless: true,
    viewport: { width: 1280, height: 860 },
    args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
    ...options,
  });
  const browser = { context, errors: [], reports: [], foreign: new Set() };
  await context.addInitScript(() => document.addEventListener("securitypolicyviolation", (event) => console.error(`CSP ${event.violatedDirective} ${event.blockedURI}`)));
  context.on("request", (request) => {
    if (!/^(http:\/\/127\.0\.0\.1|data:|blob:|chrome|about:)/.test(request.url())) browser.foreign.add(request.url());
  });
  // What a policy stopped never left the machine.
  context.on("requestfailed", (request) => {
    if (/csp|BLOCKED_BY_CSP/i.test(request.failure()?.errorText ?? "")) browser.foreign.delete(request.url());
  });
  browser.page = async (hub, address, name = "Ana Lima") => {
    const page = await context.newPage();
    page.setDefaultTimeout(30_000); // a loaded machine takes its time; nothing waits longer than it has to
    page.on("pageerror", (error) => browser.errors.push(`${name}: ${error.stack || `${error.name} ${error.message}`}`));
    page.on("console", (message) => {
      if (/CSP|Content Security Policy/.test(message.text())) browser.reports.push(message.text());
    });
    await page.goto(`${hub.url}?token=${token}`);
    await page.goto(`${hub.url}${address}${address.includes("?") ? "&" : "?"}name=${encodeURIComponent(name)}`);
    return page;
  };
  /** Opens a notebook and waits until it can be worked with. */
  browser.open = async (hub, path, name) => {
    const page = await browser.page(hub, "notebooks/" + path.split("/").map(encodeURIComponent).join("/"), name);
    await page.waitForSelector("main[data-synced=true] .cell");
    return page;
  };
  browser.close = async () => {
    await context.close();
    rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
  };
  return browser;
}

/** Waits for a condition in this process. */
export async function until(condition, what, patience = 30_000) {
  const end = Date.now() + patience;
  for (;;) {
    const value = await condition();
    if (value) return value;
    if (Date.now() > end) throw new Error(`waited in vain for ${what}`);
    await new Promise((done) => setTimeout(done, 25));
  }
}

/** What a page holds: the sources of its cells, in order. */
export const sources = (page) => page.evaluate(() => window.notebook.cells.list.peek().map((cell) => cell.text));
export const ids = (page) => page.evaluate(() => window.notebook.order);

/** What a page shows: the text of the editors that are there. */
export const shown = (page, index) => page.evaluate((i) => {
  const text = document.querySelectorAll(".cell")[i]?.querySelector(".cm-content, .still, .prose")?.cloneNode(true);
  for (const caret of text?.querySelectorAll(".caret") ?? []) caret.remove();
  return text?.textContent ?? null;
}, index);

/** Waits until all pages hold the same, and tells what. */
export async function agree(...pages) {
  let all = [];
  await until(async () => {
    all = await Promise.all(pages.map(async (page) => JSON.stringify(await sources(page))));
    return all.every((one) => one === all[0]) && (await Promise.all(pages.map((page) => page.evaluate(() => window.notebook.session.pending.peek() === 0)))).every(Boolean);
  }, `pages to agree: ${all.join("\n")}`).catch((error) => {
    throw new Error(`${error.message}\n${all.join("\n")}`);
  });
  return JSON.parse(all[0]);
}

/** Waits for a kind of saving state. */
export const standing = (page, kind) => page.waitForSelector(`.state[data-kind="${kind}"]`);

/** Saves from the keyboard and waits for the file to hold everything of this page. */
export async function save(page) {
  await page.keyboard.press("Control+s");
  // What was typed last is still on its way, and the page may not know yet that it made a difference: the answer to this comes after both.
  await page.waitForFunction(() => window.notebook.session.pending.peek() === 0);
  await page.evaluate(() => window.notebook.session.request("save", {}));
  await standing(page, "saved");
}

/** Clicks into the editor of a cell, at its end. */
export async function enter(page, index) {
  const cell = page.locator(".cell").nth(index);
  if (await cell.locator(".rendered-box").count()) await cell.locator(".rendered-box").dblclick();
  await cell.locator(".cm-content").click();
  await page.keyboard.press("Control+End");
}

/** Selects a cell in command mode. */
export async function select(page, index) {
  await page.evaluate((i) => window.notebook.select(window.notebook.order[i]), index);
}

export async function cut(page) {
  await page.evaluate(() => window.notebook.session.provider.disconnect());
  await standing(page, "offline");
}

export async function restore(page) {
  await page.evaluate(() => window.notebook.session.provider.connect());
  await page.waitForFunction(() => window.notebook.session.link.peek() === "live");
}

export const notebooks = join(here, "notebooks");
