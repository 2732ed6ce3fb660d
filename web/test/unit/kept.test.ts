// @vitest-environment node
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import * as Y from "yjs";
import { Kept } from "../../src/room/kept";
import { Pending } from "../../src/room/pending";
import type { Left, Shelf } from "../../src/room/shelf";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** One browser: what its pages keep, and which of them live. */
function browser() {
  const kept = new Map<string, Left>();
  const held = new Set<string>();
  const waiting = new Map<string, () => void>();
  const shelf: Shelf = {
    hold: async (key) => (held.add(key), () => void held.delete(key)),
    held: async () => new Set(held),
    freed: (key, callOff) => new Promise((free) => {
      waiting.set(key, free);
      callOff.addEventListener("abort", () => waiting.delete(key));
    }),
    all: async () => [...kept.values()],
    replace: async (put, remove) => {
      if (put) kept.set(put.key, put);
      for (const key of remove) kept.delete(key);
    },
  };
  /** All pages are killed, unless this one. */
  const die = (except = "") => {
    for (const key of [...held]) if (key !== except) held.delete(key);
    for (const [key, free] of [...waiting]) if (!held.has(key)) free();
  };
  return { kept, held, shelf, waiting, die };
}

/** A hub's room, which pages join and leave. */
function room(one = browser(), lineage = "first") {
  const hub = new Y.Doc();
  hub.getText("t").insert(0, "base ");
  const open = async (history = lineage) => {
    const doc = new Y.Doc();
    Y.applyUpdate(doc, Y.encodeStateAsUpdate(hub), "hub");
    let online = true;
    let sent = 0;
    const pending: Pending = new Pending(doc, () => kept.changed());
    const kept: Kept = new Kept("room", () => pending.unsent(), one.shelf);
    const edited = (update: Uint8Array, origin: unknown) => {
      if (origin === "hub") return;
      if (online) Y.applyUpdate(hub, update);
      pending.made(update, online);
      sent += online ? 1 : 0;
    };
    doc.on("update", edited);
    pending.connected();
    pending.answered(); // the hub asks each page what it has
    sent++;
    await kept.begin(history);
    const back = await kept.takeOver((update) => {
      Y.applyUpdate(doc, update, "left");
      return doc.store.pendingStructs === null;
    });
    return {
      doc, kept, pending, back, text: doc.getText("t"),
      cut: () => (online = false),
      ack: () => pending.confirmed(Y.encodeStateVector(doc), sent),
      /** The tab is killed: nothing more is written. */
      die: () => one.die(),
    };
  };
  return { hub, open, browser: one, text: () => hub.getText("t").toString() };
}
const tick = () => vi.advanceTimersByTimeAsync(500);

describe("edits that a page could not send", () => {
  it("reach the hub with the next page, once, and are kept no longer", async () => {
    const r = room();
    const first = await r.open();
    first.cut();
    first.text.insert(5, "lost words");
    first.text.delete(0, 5);
    await tick();
    first.die();
    expect(r.text()).toBe("base ");
    const second = await r.open();
    expect([second.back, r.text(), r.browser.kept.size]).toEqual([1, "lost words", 1]);
    second.ack();
    await tick();
    expect(r.browser.kept.size).toBe(0);
    expect((await r.open()).back).toBe(0);
    expect(r.text()).toBe("lost words");
  });
  it("are not there twice when the hub had them, and do not come back when somebody deleted them since", async () => {
    const r = room();
    const first = await r.open();
    first.text.insert(0, "sent ");
    await tick();
    first.die();
    expect(r.browser.kept.size).toBe(1);
    r.hub.getText("t").delete(0, 5);
    const second = await r.open();
    expect([second.back, r.text(), second.text.toString()]).toEqual([1, "base ", "base "]);
    expect(r.browser.kept.size).toBe(0);
  });
  it("survive several pages that all were closed too early", async () => {
    const r = room();
    for (const word of ["a", "b", "c"]) {
      const page = await r.open();
      page.cut();
      page.text.insert(page.text.length, word);
      await tick();
      page.die();
    }
    const last = await r.open();
    last.ack();
    await tick();
    expect([r.text(), r.browser.kept.size]).toEqual(["base abc", 0]);
  });
  it("stay with a page that lives", async () => {
    const r = room();
    const first = await r.open();
    first.cut();
    first.text.insert(0, "mine ");
    await tick();
    const second = await r.open();
    expect([second.back, r.text(), r.browser.kept.size]).toEqual([0, "base ", 1]);
    await second.kept.leave();
    expect(r.browser.waiting.size).toBe(0);
  });
  it("go to a page that is there already when theirs ends", async () => {
    const r = room();
    const first = await r.open();
    first.cut();
    first.text.insert(0, "mine ");
    await tick();
    await r.open();
    const [, secondKey] = [...r.browser.held];
    r.browser.die(secondKey);
    await tick();
    expect(r.text()).toBe("mine base ");
  });
  it("are nothing to another history or another room, and go when they are old", async () => {
    const r = room();
    const first = await r.open();
    first.cut();
    first.text.insert(0, "old ");
    await tick();
    first.die();
    const [entry] = [...r.browser.kept.values()];
    r.browser.kept.set("other", { ...entry!, key: "other", room: "another" });
    r.browser.kept.set("ancient", { ...entry!, key: "ancient", room: "another", time: 0 });
    const second = await r.open("second");
    expect([second.back, second.text.toString()]).toEqual([0, "base "]);
    expect([...r.browser.kept.keys()]).toEqual(["other"]);
  });
  it("are written down as the page leaves, and not at all when the hub is quicker", async () => {
    const r = room();
    const first = await r.open();
    first.text.insert(0, "quick ");
    first.ack();
    await tick();
    expect(r.browser.kept.size).toBe(0);
    first.cut();
    first.text.insert(0, "late ");
    await first.kept.leave();
    expect([r.browser.kept.size, r.browser.held.size]).toEqual([1, 0]);
  });
  it("are dropped when the hub will never take them", async () => {
    const r = room();
    const first = await r.open();
    first.cut();
    first.text.insert(0, "poison ");
    await tick();
    await first.kept.drop();
    first.text.insert(0, "more ");
    await tick();
    expect(r.browser.kept.size).toBe(0);
  });
  it("wait for what they build on", async () => {
    const r = room();
    const first = await r.open();
    first.cut();
    first.text.insert(0, "ab");
    const before = Y.encodeStateVector(first.doc);
    first.text.insert(1, "x");
    await tick();
    const [entry] = [...r.browser.kept.values()];
    r.browser.kept.set(entry!.key, { ...entry!, update: Y.encodeStateAsUpdate(first.doc, before) });
    first.die();
    expect((await r.open()).back).toBe(0);
    expect(r.browser.kept.size).toBe(1);
  });
});
