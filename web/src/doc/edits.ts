// What a person does to cells, as edits of the shared document in Jupyter's schema.
import * as Y from "yjs";
import { type CellType, idOf, metadataOf, sourceOf, textOf, typeOf, type YCell } from "./model";
import { movesBetween } from "./order";

/** A cell outside of the document: on the clipboard, or about to be inserted. */
export interface Plain {
  id?: string;
  type: CellType;
  source: string;
  metadata?: Record<string, unknown>;
  outputs?: unknown[];
  count?: number | null;
  attachments?: unknown;
  /** Keys that this client does not know, kept as they are. */
  rest?: Record<string, unknown>;
}

const own = new Set(["id", "cell_type", "source", "metadata", "outputs", "execution_count", "execution_state", "attachments"]);

/** A new cell id in the form that nbformat 4.5 asks for. */
export function freshId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6]! & 0x0f) | 0x40;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  const hex = [...bytes].map((b) => b.toString(16).padStart(2, "0")).join("");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

/** Reads a cell of the document. */
export function plainOf(map: YCell): Plain {
  const outputs = map.get("outputs");
  const rest: Record<string, unknown> = {};
  for (const [key, value] of map.entries()) if (!own.has(key) && !(value instanceof Y.AbstractType)) rest[key] = value;
  return {
    id: idOf(map), type: typeOf(map), source: sourceOf(map), metadata: metadataOf(map),
    outputs: outputs instanceof Y.Array ? (outputs.toJSON() as unknown[]) : [], count: (map.get("execution_count") as number | null | undefined) ?? null,
    attachments: map.get("attachments"), rest,
  };
}

/** Makes the shared form of a cell. */
export function cellMap(plain: Plain): YCell {
  const map = new Y.Map<unknown>();
  const metadata = new Y.Map<unknown>();
  for (const [key, value] of Object.entries(plain.metadata ?? {})) metadata.set(key, value);
  for (const [key, value] of Object.entries(plain.rest ?? {})) map.set(key, value);
  map.set("source", new Y.Text(plain.source));
  map.set("metadata", metadata);
  map.set("cell_type", plain.type);
  map.set("id", plain.id ?? freshId());
  if (plain.type === "code") {
    map.set("outputs", Y.Array.from((plain.outputs ?? []).map(outputMap)));
    map.set("execution_count", plain.count ?? null);
  } else if (plain.attachments !== undefined) {
    map.set("attachments", plain.attachments);
  }
  return map;
}

function outputMap(output: unknown): Y.Map<unknown> {
  const map = new Y.Map<unknown>();
  for (const [key, value] of Object.entries(output as Record<string, unknown>)) {
    if (key === "text" && (output as { output_type?: string }).output_type === "stream") {
      map.set(key, new Y.Text(Array.isArray(value) ? value.join("") : String(value)));
    } else map.set(key, value);
  }
  return map;
}

export type Source = Y.Array<YCell>;

const find = (cells: Source, id: string) => cells.toArray().findIndex((map) => map instanceof Y.Map && idOf(map) === id);

/** Inserts cells in front of index. */
export function insert(cells: Source, index: number, plains: Plain[]): void {
  cells.insert(Math.max(0, Math.min(index, cells.length)), plains.map(cellMap));
}

/** Deletes cells by id. */
export function remove(cells: Source, ids: string[]): void {
  for (const id of ids) {
    const at = find(cells, id);
    if (at >= 0) cells.delete(at, 1);
  }
}

/** Brings the cells into an order with the fewest moves. Ids that are not there (any more) are skipped. */
export function reorder(cells: Source, wanted: string[]): void {
  const order = cells.toArray().map(idOf);
  const there = wanted.filter((id) => order.includes(id));
  if (there.length !== order.length) return;
  for (const { id, to } of movesBetween(order, there)) {
    const at = find(cells, id);
    const clone = plainOf(cells.get(at));
    cells.delete(at, 1);
    cells.insert(to, [cellMap(clone)]);
  }
}

/** Changes the type of a cell. Jupyter's clients learn of it only when the cell is replaced, so it is. */
export function retype(cells: Source, id: string, type: CellType): void {
  const at = find(cells, id);
  if (at < 0 || typeOf(cells.get(at)) === type) return;
  const plain = plainOf(cells.get(at));
  cells.delete(at, 1);
  cells.insert(at, [cellMap({ ...plain, type, outputs: [], count: null })]);
}

/** Makes a cell a Markdown heading of a level. */
export function heading(cells: Source, id: string, level: number): void {
  retype(cells, id, "markdown");
  const at = find(cells, id);
  if (at < 0) return;
  const text = textOf(cells.get(at));
  const before = /^#{0,6}[ \t]*/.exec(text.toString())![0].length;
  spliceSource(text, [{ from: 0, to: before, insert: "#".repeat(level) + " " }]);
}

/** Splits a cell at positions within its source (UTF-16 units). The first part stays the cell itself, with whoever is in it. Returns the id of the last part. */
export function split(cells: Source, id: string, positions: number[]): string {
  const at = find(cells, id);
  if (at < 0) return id;
  const map = cells.get(at);
  const text = map.get("source") as Y.Text;
  const source = text.toString();
  const cuts = [...new Set(positions)].filter((p) => p >= 0 && p <= source.length).sort((a, b) => a - b);
  if (cuts.length === 0) return id;
  const parts = cuts.map((cut, i) => source.slice(cut, cuts[i + 1] ?? source.length).replace(/^\n/, ""));
  const keep = source.slice(0, cuts[0]).replace(/\n$/, "").length;
  text.delete(keep, source.length - keep);
  const made = parts.map((part) => ({ id: freshId(), type: typeOf(map), source: part.replace(/\n$/, ""), metadata: metadataOf(map), attachments: map.get("attachments") }));
  insert(cells, at + 1, made);
  return made[made.length - 1]!.id;
}

/** Appends the source of the later cells to the first one and deletes them. */
export function merge(cells: Source, ids: string[]): void {
  const maps = ids.map((id) => cells.get(find(cells, id))).filter(Boolean);
  const [first, ...others] = maps;
  if (!first || others.length === 0) return;
  const text = first.get("source") as Y.Text;
  const attachments = Object.assign({}, ...maps.map((map) => map.get("attachments") ?? {})) as Record<string, unknown>;
  for (const map of others) text.insert(text.length, "\n\n" + sourceOf(map));
  if (Object.keys(attachments).length && typeOf(first) !== "code") first.set("attachments", attachments);
  remove(cells, others.map(idOf));
}

/** Gives a Markdown cell attachments, and its source a text that names them. */
export function attach(cells: Source, id: string, attachments: Record<string, unknown>, index: number, put: string): void {
  const at = find(cells, id);
  if (at < 0) return;
  const map = cells.get(at);
  map.set("attachments", { ...((map.get("attachments") as Record<string, unknown> | undefined) ?? {}), ...attachments });
  textOf(map).insert(index, put);
}

/** Empties the outputs of a code cell in the way that every client can follow. */
export function clearOutputs(cells: Source, id: string): void {
  const at = find(cells, id);
  if (at < 0) return;
  const outputs = cells.get(at).get("outputs");
  if (outputs instanceof Y.Array && outputs.length) outputs.delete(0, outputs.length);
  if (typeOf(cells.get(at)) === "code" && cells.get(at).get("execution_count") !== null) cells.get(at).set("execution_count", null);
}

/** Sets or (with undefined) removes a key of a cell's metadata. */
export function setMetadata(cells: Source, id: string, key: string, value: unknown): void {
  const at = find(cells, id);
  const metadata = at >= 0 ? cells.get(at).get("metadata") : undefined;
  if (!(metadata instanceof Y.Map)) return;
  if (value === undefined) metadata.delete(key);
  else metadata.set(key, value);
}

/** Replaces stretches of a cell's source; edits are positions in the source as it is now, in ascending order. */
export function spliceSource(text: Y.Text, edits: Array<{ from: number; to: number; insert: string }>): void {
  for (const { from, to, insert: put } of [...edits].reverse()) {
    if (to > from) text.delete(from, to - from);
    if (put) text.insert(from, put);
  }
}
