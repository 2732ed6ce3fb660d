// Connections that end at the worst moment: the page comes back by itself, with everything.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { agree, enter, notebook, save, sources, standing, startBrowser, startHub, until } from "./harness.mjs";

let hub;
let browser;
before(async () => {
  browser = await startBrowser();
  hub = await startHub({ "a.ipynb": notebook("start"), "b.ipynb": notebook("start"), "c.ipynb": notebook("start"), "d.ipynb": notebook("start"), "e.ipynb": notebook("start"), "moved.ipynb": notebook("one", "two") });
});
after(async () => {
  await browser.close();
  await hub.stop();
  assert.deepEqual(browser.errors, []);
  assert.deepEqual(browser.reports, []);
});

const live = (page) => page.waitForFunction(() => window.notebook?.session.link.peek() === "live");

/** A page whose sockets pass through here: ends(number of the socket, messages of the hub that it heard) tells whether it is cut now. */
async function through(name, ends) {
  const page = await browser.page(hub, "", "Ana");
  let sockets = 0;
  await page.routeWebSocket(/\/ws\//, (socket) => {
    const nth = ++sockets;
    let heard = 0;
    const server = socket.connectToServer();
    server.onMessage((message) => {
      socket.send(message);
      if (ends(nth, ++heard)) socket.close({ code: 1012, reason: "" });
    });
  });
  await page.goto(`${hub.url}notebooks/${name}`);
  return { page, sockets: () => sockets };
}

for (const [after, heard] of [["the greeting", 1], ["the hub's question", 2], ["the document", 3]]) {
  test(`a socket that closes after ${after} is followed by one that stays`, async () => {
    const { page, sockets } = await through("a.ipynb", (nth, count) => nth <= 2 && count === heard);
    await page.waitForSelector("main[data-synced=true] .cell");
    await live(page);
    await page.waitForFunction(() => window.notebook.session.pending.peek() === 0);
    assert.deepEqual(await sources(page), ["start"]);
    if (heard < 3) assert.equal(sockets(), 3);
    await page.close();
  });
}

test("edits made while the socket is cut again and again arrive once", async () => {
  let calm = false;
  const { page } = await through("b.ipynb", (nth, count) => !calm && count === nth + 2);
  await page.waitForSelector("main[data-synced=true] .cell");
  await enter(page, 0);
  await page.keyboard.type(" and many words that are typed slowly", { delay: 30 });
  calm = true;
  // The answer to this comes over a socket that stays.
  await page.keyboard.type(".");
  await page.waitForFunction(() => window.notebook.session.pending.peek() === 0);
  await save(page);
  assert.deepEqual(await sources(page), ["start and many words that are typed slowly."]);
  assert.deepEqual(hub.sources("b.ipynb"), ["start and many words that are typed slowly."]);
  await page.close();
});

test("a request that the hub took to its grave fails in words, and the page goes on", async () => {
  const page = await browser.page(hub, "", "Ana");
  await page.routeWebSocket(/\/ws\//, (socket) => {
    const server = socket.connectToServer();
    // Requests are lost on their way, everything else passes.
    socket.onMessage((message) => { if (message[0] !== 101) server.send(message); });
  });
  await page.goto(`${hub.url}notebooks/c.ipynb`);
  await page.waitForSelector("main[data-synced=true] .cell");
  await enter(page, 0);
  await page.keyboard.type("!");
  await page.waitForFunction(() => window.notebook.session.pending.peek() === 0);
  const asked = page.evaluate(() => window.notebook.session.request("save", {}).then(() => "answered", (problem) => problem.code));
  await hub.kill();
  assert.equal(await asked, "unreachable");
  await standing(page, "offline");
  await hub.start();
  await live(page);
  assert.deepEqual(await sources(page), ["start!"]);
  await page.close();
});

test("what was typed into a cell that others moved, and was lost on its way, is there after all", async () => {
  const [a, b] = [await browser.open(hub, "moved.ipynb"), await browser.page(hub, "", "Ben")];
  let losing = false;
  await b.routeWebSocket(/\/ws\//, (socket) => {
    const server = socket.connectToServer();
    // Updates, which begin with 0 and 2, are lost; the hub is still heard.
    socket.onMessage((message) => { if (!losing || message[0] !== 0 || message[1] !== 2) server.send(message); });
  });
  await b.goto(`${hub.url}notebooks/moved.ipynb`);
  await b.waitForSelector("main[data-synced=true] .cell");
  losing = true;
  await enter(b, 0);
  await b.keyboard.type(", typed");
  const room = await a.evaluate(() => window.notebook.session.id);
  await hub.api("POST", `rooms/${room}/cells/cell-0/move`, {});
  await until(async () => (await sources(b))[1] === "one", "the move to arrive");
  losing = false;
  await b.evaluate(() => window.notebook.session.provider.ws.close());
  assert.deepEqual(await agree(a, b), ["two", "one, typed"]);
  await b.waitForFunction(() => window.notebook.session.pending.peek() === 0);
  await Promise.all([a.close(), b.close()]);
});

test("a page that somebody looks at again does not wait for its turn", async () => {
  const page = await browser.open(hub, "d.ipynb");
  await page.evaluate(() => {
    const { provider } = window.notebook.session;
    provider.maxBackoffTime = 3_600_000;
    provider.wsUnsuccessfulReconnects = 30;
    provider.ws.close();
  });
  await standing(page, "offline");
  await page.evaluate(() => document.dispatchEvent(new Event("visibilitychange")));
  await live(page);
  await page.close();
});

test("a page that finds no hub loads when there is one", async () => {
  const page = await browser.page(hub, "", "Ana");
  const rooms = /\/api\/v1\/rooms$/;
  await page.route(rooms, (route) => route.abort());
  await page.goto(`${hub.url}notebooks/e.ipynb`);
  await page.waitForSelector(".apart h1:text('cannot be reached')");
  await page.unroute(rooms);
  await page.waitForSelector("main[data-synced=true] .cell");
  await page.close();
});
