// @vitest-environment node
import { describe, expect, it } from "vitest";
import * as Y from "yjs";
import * as edits from "../../src/doc/edits";
import { History, local } from "../../src/doc/history";
import { Cells, idOf, sourceOf, type YCell } from "../../src/doc/model";

/** Two pages that hear of each other at once, or after heal() when split. */
function pages(...sources: string[]) {
  const a = new Y.Doc();
  const b = new Y.Doc();
  let split = false;
  a.on("update", (update: Uint8Array, origin: unknown) => { if (!split && origin !== "remote") Y.applyUpdate(b, update, "remote"); });
  b.on("update", (update: Uint8Array, origin: unknown) => { if (!split && origin !== "remote") Y.applyUpdate(a, update, "remote"); });
  const cells = (doc: Y.Doc) => doc.getArray<YCell>("cells");
  // The hub filled the document: its text belongs to neither page.
  const hub = new Y.Doc();
  edits.insert(cells(hub), 0, sources.map((source, i) => ({ id: "c" + i, type: "code" as const, source })));
  Y.applyUpdate(a, Y.encodeStateAsUpdate(hub), "hub");
  Y.applyUpdate(b, Y.encodeStateAsUpdate(hub), "hub");
  const texts = (doc: Y.Doc) => cells(doc).toArray().map(sourceOf);
  return {
    a, b, cells, texts,
    part: () => (split = true),
    heal: () => {
      split = false;
      const [ua, ub] = [Y.encodeStateAsUpdate(a), Y.encodeStateAsUpdate(b)];
      Y.applyUpdate(b, ua, "remote");
      Y.applyUpdate(a, ub, "remote");
    },
  };
}
const text = (cells: Y.Array<YCell>, i: number) => cells.get(i).get("source") as Y.Text;

describe("undo", () => {
  it("takes back my typing and leaves the words that somebody put in the middle of it", () => {
    const p = pages("");
    const mine = new History(p.cells(p.a));
    p.a.transact(() => text(p.cells(p.a), 0).insert(0, "hello world"), local);
    text(p.cells(p.b), 0).insert(5, " dear");
    mine.undo();
    expect(p.texts(p.a)).toEqual([" dear"]);
    expect(p.texts(p.b)).toEqual([" dear"]);
    mine.redo();
    expect(p.texts(p.b)).toEqual(["hello dear world"]);
  });
  it("does not undo what another page did", () => {
    const p = pages("x");
    const mine = new History(p.cells(p.a));
    text(p.cells(p.b), 0).insert(1, "yz");
    mine.undo();
    expect(p.texts(p.a)).toEqual(["xyz"]);
  });
  it("keeps a cell that I inserted when somebody has written into it", () => {
    const p = pages("x");
    const mine = new History(p.cells(p.a));
    mine.step(() => edits.insert(p.cells(p.a), 1, [{ id: "new", type: "code", source: "mine" }]));
    text(p.cells(p.b), 1).insert(4, " and theirs");
    mine.undo();
    expect(p.texts(p.a)).toEqual(["x", " and theirs"]);
    expect(idOf(p.cells(p.a).get(1))).toBe("new");
    expect(p.cells(p.a).get(1).get("cell_type")).toBe("code");
    expect(p.cells(p.a).get(1).get("outputs")).toBeInstanceOf(Y.Array);
  });
  it("removes a cell that I inserted and nobody touched", () => {
    const p = pages("x");
    const mine = new History(p.cells(p.a));
    mine.step(() => edits.insert(p.cells(p.a), 1, [{ id: "new", type: "code", source: "mine" }]));
    mine.undo();
    expect(p.texts(p.b)).toEqual(["x"]);
  });
  it("brings a deleted cell back with its text, its outputs and its id", () => {
    const p = pages("x", "y", "z");
    const mine = new History(p.cells(p.a));
    mine.step(() => edits.remove(p.cells(p.a), ["c1"]));
    expect(p.texts(p.b)).toEqual(["x", "z"]);
    mine.undo();
    expect(p.texts(p.b)).toEqual(["x", "y", "z"]);
    expect(p.cells(p.b).toArray().map(idOf)).toEqual(["c0", "c1", "c2"]);
  });
  it("moves a cell back, and older typing can still be undone", () => {
    const p = pages("x", "y", "z");
    const mine = new History(p.cells(p.a));
    mine.step(() => text(p.cells(p.a), 0).insert(1, "!"));
    mine.move(["c1", "c2", "c0"]);
    expect(p.texts(p.b)).toEqual(["y", "z", "x!"]);
    mine.undo();
    expect(p.texts(p.b)).toEqual(["x!", "y", "z"]);
    mine.undo();
    expect(p.texts(p.b)).toEqual(["x", "y", "z"]);
    mine.redo();
    mine.redo();
    expect(p.texts(p.b)).toEqual(["y", "z", "x!"]);
  });
  it("moves a cell back together with what somebody wrote into it since", () => {
    const p = pages("x", "y", "z");
    const mine = new History(p.cells(p.a));
    mine.move(["c1", "c2", "c0"]);
    text(p.cells(p.b), 2).insert(1, " theirs");
    mine.undo();
    expect(p.texts(p.a)).toEqual(["x theirs", "y", "z"]);
    expect(p.cells(p.b).toArray().map(idOf)).toEqual(["c0", "c1", "c2"]);
  });
});

describe("edits of cells", () => {
  it("splits at the cursor and leaves the first part in place for whoever is in it", () => {
    const p = pages("one\ntwo\nthree");
    const before = p.cells(p.a).get(0);
    edits.split(p.cells(p.a), "c0", [4, 8]);
    expect(p.texts(p.b)).toEqual(["one", "two", "three"]);
    expect(p.cells(p.a).get(0)).toBe(before);
  });
  it("merges into the first cell, with attachments", () => {
    const p = pages("a", "b", "c");
    edits.merge(p.cells(p.a), ["c0", "c1", "c2"]);
    expect(p.texts(p.b)).toEqual(["a\n\nb\n\nc"]);
  });
  it("moves only the cells that have to, so that the others keep their cursors", () => {
    const p = pages("a", "b", "c", "d");
    const kept = p.cells(p.a).toArray().slice(1);
    edits.reorder(p.cells(p.a), ["c1", "c2", "c3", "c0"]);
    expect(p.cells(p.a).toArray().slice(0, 3)).toEqual(kept);
    expect(p.texts(p.b)).toEqual(["b", "c", "d", "a"]);
  });
  it("does nothing when an order no longer fits", () => {
    const p = pages("a", "b");
    edits.reorder(p.cells(p.a), ["c1"]);
    expect(p.texts(p.a)).toEqual(["a", "b"]);
  });
  it("keeps source, metadata, attachments and foreign keys when the type changes, and drops outputs", () => {
    const p = pages("a");
    const map = p.cells(p.a).get(0);
    (map.get("metadata") as Y.Map<unknown>).set("tags", ["x"]);
    map.set("foreign", { deep: 1 });
    edits.retype(p.cells(p.a), "c0", "markdown");
    const now = p.cells(p.b).get(0);
    expect(now.toJSON()).toEqual({ id: "c0", cell_type: "markdown", source: "a", metadata: { tags: ["x"] }, foreign: { deep: 1 } });
    edits.retype(p.cells(p.a), "c0", "code");
    expect(p.cells(p.b).get(0).toJSON()).toMatchObject({ outputs: [], execution_count: null });
  });
  it("makes headings, in one step, whatever the cell was", () => {
    const p = pages("results", "### old");
    const mine = new History(p.cells(p.a));
    mine.step(() => edits.heading(p.cells(p.a), "c0", 2));
    mine.step(() => edits.heading(p.cells(p.a), "c1", 1));
    expect(p.texts(p.b)).toEqual(["## results", "# old"]);
    expect(p.cells(p.b).get(0).get("cell_type")).toBe("markdown");
    mine.undo();
    mine.undo();
    expect(p.texts(p.b)).toEqual(["results", "### old"]);
    expect(p.cells(p.b).get(0).get("cell_type")).toBe("code");
  });
  it("makes stream texts shared texts, as Jupyter's schema wants", () => {
    const map = edits.cellMap({ type: "code", source: "", outputs: [{ output_type: "stream", name: "stdout", text: ["a\n", "b"] }] });
    new Y.Doc().getArray<YCell>("cells").push([map]);
    const output = (map.get("outputs") as Y.Array<Y.Map<unknown>>).get(0);
    expect(output.get("text")).toBeInstanceOf(Y.Text);
    expect(String(output.get("text"))).toBe("a\nb");
  });
  it("makes ids of the form that nbformat asks for", () => {
    expect(edits.freshId()).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(new Set(Array.from({ length: 100 }, edits.freshId)).size).toBe(100);
  });
});

describe("the list of cells", () => {
  it("keeps a cell's view through a move and a change of type, so that nothing is torn down but its editor", () => {
    const p = pages("a", "b", "c");
    const list = new Cells(p.cells(p.b));
    const before = list.get("c0");
    p.a.transact(() => edits.reorder(p.cells(p.a), ["c1", "c2", "c0"]));
    expect(list.list.value.map((cell) => cell.id)).toEqual(["c1", "c2", "c0"]);
    expect(list.get("c0")).toBe(before);
    p.a.transact(() => edits.retype(p.cells(p.a), "c0", "markdown"));
    expect(list.get("c0")).toBe(before);
    expect(before!.type.value).toBe("markdown");
  });
  it("tells text, outputs and the rest apart", () => {
    const p = pages("a");
    const cell = new Cells(p.cells(p.b)).list.value[0]!;
    const ticks = () => [cell.sourceTick.value, cell.outputTick.value];
    text(p.cells(p.a), 0).insert(0, "x");
    expect(ticks()).toEqual([1, 0]);
    (p.cells(p.a).get(0).get("outputs") as Y.Array<unknown>).push([new Y.Map([["output_type", "stream"]])]);
    expect(ticks()).toEqual([1, 1]);
    p.cells(p.a).get(0).set("execution_count", 4);
    expect(cell.count.value).toBe(4);
    expect(ticks()).toEqual([1, 1]);
  });
  it("survives what a broken peer leaves: doubled ids, a missing source, a cell that is no map", () => {
    const doc = new Y.Doc();
    const cells = doc.getArray<YCell>("cells");
    const list = new Cells(cells);
    edits.insert(cells, 0, [{ id: "same", type: "code", source: "1" }, { id: "same", type: "code", source: "2" }]);
    cells.push([new Y.Map<unknown>([["id", "bare"], ["cell_type", "sql"]]), { id: "plain" } as unknown as YCell]);
    expect(list.list.value.map((cell) => cell.key)).toEqual(["same", "same#1", "bare"]);
    expect(list.list.value[2]!.text).toBe("");
    expect(list.list.value[2]!.type.value).toBe("raw");
  });
});

describe("attachments", () => {
  const markdown = (doc: Y.Doc, p: ReturnType<typeof pages>) => edits.insert(p.cells(doc), 0, [{ id: "md", type: "markdown", source: "before after" }]);
  it("come with the text that names them, beside those that are there, and go with one undo", () => {
    const p = pages();
    markdown(p.a, p);
    const mine = new History(p.cells(p.a));
    mine.step(() => edits.attach(p.cells(p.a), "md", { "a.png": { "image/png": "AA" } }, 7, "![a](attachment:a.png) "));
    mine.step(() => edits.attach(p.cells(p.a), "md", { "b.png": { "image/png": "BB" } }, 0, "![b](attachment:b.png) "));
    expect(p.texts(p.b)).toEqual(["![b](attachment:b.png) before ![a](attachment:a.png) after"]);
    expect(p.cells(p.b).get(0).get("attachments")).toEqual({ "a.png": { "image/png": "AA" }, "b.png": { "image/png": "BB" } });
    mine.undo();
    expect(p.texts(p.b)).toEqual(["before ![a](attachment:a.png) after"]);
    expect(p.cells(p.b).get(0).get("attachments")).toEqual({ "a.png": { "image/png": "AA" } });
  });
  it("are there in both parts of a split cell", () => {
    const p = pages();
    markdown(p.a, p);
    edits.attach(p.cells(p.a), "md", { "a.png": { "image/png": "AA" } }, 12, "\n![a](attachment:a.png)");
    edits.split(p.cells(p.a), "md", [13]);
    expect(p.texts(p.b)).toEqual(["before after", "![a](attachment:a.png)"]);
    expect(p.cells(p.b).get(1).get("attachments")).toEqual({ "a.png": { "image/png": "AA" } });
  });
});
