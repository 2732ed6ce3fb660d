// @vitest-environment node
import { describe, expect, it } from "vitest";
import * as Y from "yjs";
import { Pending } from "../../src/room/pending";

function setup() {
  const doc = new Y.Doc();
  const text = doc.getText("t");
  const pending = new Pending(doc, () => {});
  let live = true;
  doc.on("update", (update: Uint8Array) => pending.made(update, live));
  pending.connected();
  pending.answered();
  return { doc, text, pending, offline: () => (live = false), online: () => ((live = true), pending.connected(), pending.answered()) };
}

describe("which edits are on the hub's disk", () => {
  it("waits for the ack that covers the edit", () => {
    const { doc, text, pending } = setup();
    text.insert(0, "a");
    const after = Y.encodeStateVector(doc);
    text.insert(1, "b");
    expect(pending.count).toBe(2);
    pending.confirmed(after, null);
    expect(pending.count).toBe(1);
    pending.confirmed(Y.encodeStateVector(doc), null);
    expect(pending.count).toBe(0);
  });
  it("does not take the ack of an insertion for that of the deletion after it, where the hub counts", () => {
    const { doc, text, pending } = setup();
    text.insert(0, "abc");
    const inserted = Y.encodeStateVector(doc);
    text.delete(0, 1);
    pending.confirmed(inserted, 2);
    expect(pending.count).toBe(1);
    pending.confirmed(inserted, 3);
    expect(pending.count).toBe(0);
  });
  it("keeps what was made offline until the merge of the next connection is confirmed", () => {
    const { doc, text, pending, offline, online } = setup();
    offline();
    text.insert(0, "x");
    text.delete(0, 1);
    pending.confirmed(Y.encodeStateVector(doc), 99);
    expect(pending.count).toBe(2);
    online();
    pending.confirmed(Y.encodeStateVector(doc), 0);
    expect(pending.count).toBe(2);
    pending.confirmed(Y.encodeStateVector(doc), 1);
    expect(pending.count).toBe(0);
  });
  it.each(["deleted", "written"])("keeps what was %s offline although an edit made while connecting is confirmed first", (how) => {
    const { doc, text, pending, offline } = setup();
    text.insert(0, "xyz");
    pending.clear();
    const base = Y.encodeStateAsUpdate(doc);
    offline();
    if (how === "deleted") text.delete(0, 1);
    else text.insert(3, "A");
    pending.unsent();
    pending.connected();
    const early = new Y.Doc();
    Y.applyUpdate(early, Y.encodeStateAsUpdate(doc));
    early.getText("t").insert(0, "B");
    pending.made(Y.encodeStateAsUpdate(early, Y.encodeStateVector(doc)), true);
    pending.unsent();
    pending.answered();
    pending.confirmed(null, 1);
    expect(pending.count).toBe(2);
    const kept = new Y.Doc();
    Y.applyUpdate(kept, base);
    Y.applyUpdate(kept, pending.unsent()!);
    expect(kept.getText("t").toString()).toBe(how === "deleted" ? "Byz" : "BxyzA");
    pending.confirmed(null, 2);
    expect(pending.count).toBe(0);
  });
  it("tells what is not there yet as one update", () => {
    const { doc, text, pending, offline } = setup();
    const other = new Y.Doc();
    expect(pending.unsent()).toBeNull();
    text.insert(0, "a");
    pending.confirmed(Y.encodeStateVector(doc), 2);
    Y.applyUpdate(other, Y.encodeStateAsUpdate(doc));
    offline();
    text.insert(1, "bcd");
    pending.unsent();
    text.delete(2, 1);
    text.insert(3, "e");
    Y.applyUpdate(other, pending.unsent()!);
    Y.applyUpdate(other, pending.unsent()!);
    expect(other.getText("t").toString()).toBe("abde");
  });
  it("counts what goes out once more before the answer", () => {
    const { doc, text, pending, offline } = setup();
    offline();
    text.insert(0, "x");
    pending.connected();
    pending.repeated();
    pending.answered();
    pending.confirmed(Y.encodeStateVector(doc), 1);
    expect(pending.count).toBe(1);
    pending.confirmed(Y.encodeStateVector(doc), 2);
    expect(pending.count).toBe(0);
  });
  it("starts counting anew with each connection", () => {
    const { doc, text, pending, online } = setup();
    text.insert(0, "a");
    online();
    text.insert(0, "b");
    pending.confirmed(Y.encodeStateVector(doc), 1);
    expect(pending.count).toBe(1);
  });
});
