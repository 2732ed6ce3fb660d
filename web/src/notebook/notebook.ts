// The open notebook: what is selected, what runs, and everything a person can do to it.
import { batch, computed, effect, type ReadonlySignal, signal } from "@preact/signals";
import { api, Problem } from "../api";
import { hold, taken } from "../doc/clipboard";
import * as edits from "../doc/edits";
import { History } from "../doc/history";
import { type Cell, Cells, type CellType } from "../doc/model";
import { between, dropped, shifted } from "../doc/order";
import { read, write } from "../memory";
import { Presence } from "../room/presence";
import type { QueueItem, Session } from "../room/session";
import { complain, tell } from "../ui/notice";
import type { Editor } from "./editor";
import { modeOf } from "./languages";
import type { Mode } from "./keys";

export type Run = QueueItem & { place: number };

export class Notebook {
  readonly cells: Cells;
  readonly history: History;
  readonly presence: Presence;
  /** The cell with the focus, by id. */
  readonly active = signal("");
  /** The other end of the selection. */
  readonly anchor = signal("");
  readonly mode = signal<Mode>("command");
  readonly lineNumbers = signal(read("lines", false));
  readonly folded = signal<ReadonlySet<string>>(new Set());
  readonly trusted = signal(false);
  readonly finding = signal<false | "find" | "replace">(false);
  readonly dragged = signal<{ target: string; side: "before" | "after" } | null>(null);
  readonly tooltip = signal<{ html: string; left: number; top: number } | null>(null);

  readonly selected: ReadonlySignal<ReadonlySet<string>> = computed(() => {
    const order = this.cells.list.value.map((cell) => cell.id);
    return new Set(between(order, this.anchor.value || this.active.value, this.active.value));
  });
  readonly runs: ReadonlySignal<ReadonlyMap<string, Run>> = computed(() => {
    const map = new Map<string, Run>();
    this.session.queue.value.forEach((item, place) => map.set(item.cell, { ...item, place }));
    return map;
  });
  readonly language: ReadonlySignal<string>;
  readonly hidden: ReadonlySignal<ReadonlySet<string>> = computed(() => this.underFolds());

  /** Cells that ran while this page looked on: their outputs are no strangers'. */
  readonly ran = new Set<string>();
  readonly editors = new Map<string, Editor>();
  /** How the editor of a drawn cell is made before its turn. */
  readonly makers = new Map<string, () => void>();
  private wanted: { id: string; at: "start" | "end" | number } | null = null;
  private readonly metaTick = signal(0);
  private readonly stops: Array<() => void> = [];

  constructor(readonly session: Session) {
    this.cells = new Cells(session.cells);
    this.history = new History(session.cells);
    this.presence = new Presence(session);
    this.trusted.value = read(`trust.${session.id}`, false);
    session.meta.observeDeep(() => this.metaTick.value++);
    this.language = computed(() => {
      this.metaTick.value;
      const kernel = session.kernel.value;
      return modeOf(kernel?.language || this.metadataLanguage());
    });
    this.stops.push(
      effect(() => {
        for (const item of session.queue.value) this.ran.add(item.cell);
      }),
      effect(() => this.keepActive()),
      effect(() => this.presence.at(this.active.value, this.mode.value === "edit")),
    );
  }

  destroy(): void {
    for (const stop of this.stops) stop();
    this.history.destroy();
    this.presence.destroy();
    this.session.leave();
  }

  get readOnly(): boolean {
    return this.session.readOnly.value || this.session.link.value === "ended";
  }

  get order(): string[] {
    return this.cells.list.peek().map((cell) => cell.id);
  }

  current(): Cell | undefined {
    return this.cells.get(this.active.peek());
  }

  /** The selected cells in the order of the document. */
  chosen(): Cell[] {
    const ids = this.selected.peek();
    return this.cells.list.peek().filter((cell) => ids.has(cell.id));
  }

  // ---- selection and focus

  /** Goes to a cell in command mode. */
  select(id: string, options: { extend?: boolean; focus?: boolean; scroll?: boolean } = {}): void {
    if (!id) return;
    batch(() => {
      this.active.value = id;
      if (!options.extend) this.anchor.value = id;
      this.mode.value = "command";
    });
    if (options.focus !== false) this.focusCell(id, options.scroll !== false);
  }

  /** Goes into a cell's editor. */
  edit(id: string, at: "start" | "end" | number | "keep" = "keep"): void {
    const cell = this.cells.get(id);
    if (!cell) return;
    if (cell.type.peek() === "markdown") cell.rendered.value = false;
    if (cell.metadata.peek().jupyter && (cell.metadata.peek().jupyter as { source_hidden?: boolean }).source_hidden) this.setHidden(cell, "source", false);
    batch(() => {
      this.active.value = id;
      this.anchor.value = id;
      this.mode.value = "edit";
    });
    const editor = this.editors.get(cell.key);
    if (editor) return this.enter(editor, at);
    this.wanted = { id, at: at === "keep" ? "end" : at };
    // Nothing typed from now on may miss the editor: it is made at once where the cell is drawn already.
    this.makers.get(cell.key)?.();
  }

  /** An editor came into being; whoever waits for it gets the focus. */
  arrived(cell: Cell, editor: Editor): void {
    this.editors.set(cell.key, editor);
    this.history.track(editor.origin);
    if (this.wanted?.id === cell.id) {
      const { at } = this.wanted;
      this.wanted = null;
      this.enter(editor, at);
    }
  }

  departed(cell: Cell, editor: Editor): void {
    if (this.editors.get(cell.key) === editor) this.editors.delete(cell.key);
    this.history.untrack(editor.origin);
  }

  wants(id: string): boolean {
    return this.wanted?.id === id;
  }

  /** Leaves the editor for command mode. */
  command(): void {
    this.history.cut();
    this.select(this.active.peek(), { scroll: false });
  }

  /** Goes to the cell above or below; in edit mode into its editor. */
  step(by: -1 | 1, options: { extend?: boolean; edit?: boolean } = {}): boolean {
    const order = this.order.filter((id) => !this.hidden.peek().has(id));
    const next = order[order.indexOf(this.active.peek()) + by];
    if (!next) return false;
    const cell = this.cells.get(next)!;
    if (options.edit && !(cell.type.peek() === "markdown" && cell.rendered.peek())) this.edit(next, by > 0 ? "start" : "end");
    else this.select(next, { extend: options.extend });
    return true;
  }

  private enter(editor: Editor, at: "start" | "end" | number | "keep"): void {
    const { view } = editor;
    if (at !== "keep") {
      const position = at === "start" ? 0 : at === "end" ? view.state.doc.length : Math.min(at, view.state.doc.length);
      view.dispatch({ selection: { anchor: position }, scrollIntoView: true });
    }
    view.focus();
  }

  focusCell(id: string, scroll = true): void {
    const element = document.getElementById(`cell-${id}`);
    element?.focus({ preventScroll: true });
    if (scroll) element?.scrollIntoView({ block: "nearest" });
    // A cell that was inserted just now is drawn a moment later.
    if (!element) {
      requestAnimationFrame(() => {
        // By then the person may be writing already.
        if (this.active.peek() === id && this.mode.peek() === "command") document.getElementById(`cell-${id}`)?.focus();
      });
    }
  }

  private keepActive(): void {
    const list = this.cells.list.value;
    const id = this.active.peek();
    if (list.some((cell) => cell.id === id)) {
      this.lastIndex = list.findIndex((cell) => cell.id === id);
      return;
    }
    const near = list[Math.min(this.lastIndex, list.length - 1)]?.id ?? "";
    batch(() => {
      this.active.value = near;
      this.anchor.value = near;
      if (id) this.mode.value = "command";
    });
  }
  private lastIndex = 0;

  // ---- edits

  private guard(): boolean {
    if (this.readOnly) tell("This notebook is read-only for you.");
    return this.readOnly;
  }

  insert(where: "above" | "below", type: CellType = "code", edit = false): void {
    if (this.guard()) return;
    const at = this.cells.index(this.active.peek());
    const plain = { id: edits.freshId(), type, source: "" };
    this.history.step(() => edits.insert(this.session.cells, at < 0 ? this.session.cells.length : at + (where === "below" ? 1 : 0), [plain]));
    const cell = this.cells.get(plain.id);
    if (cell) cell.rendered.value = false;
    if (edit) this.edit(plain.id, "start");
    else this.select(plain.id);
  }

  remove(): void {
    if (this.guard()) return;
    const ids = this.chosen().map((cell) => cell.id);
    const order = this.order;
    const next = order.slice(order.indexOf(ids[ids.length - 1]!) + 1)[0] ?? order.filter((id) => !ids.includes(id)).pop() ?? "";
    this.history.step(() => {
      edits.remove(this.session.cells, ids);
      if (this.session.cells.length === 0) edits.insert(this.session.cells, 0, [{ type: "code", source: "" }]);
    });
    this.select(next || this.order[0] || "");
  }

  retype(type: CellType): void {
    if (this.guard()) return;
    const ids = this.chosen().map((cell) => cell.id);
    this.history.step(() => ids.forEach((id) => edits.retype(this.session.cells, id, type)));
    for (const id of ids) {
      const cell = this.cells.get(id);
      if (cell) cell.rendered.value = false;
    }
    if (this.mode.peek() === "command") this.focusCell(this.active.peek(), false);
  }

  heading(level: number): void {
    if (this.guard()) return;
    const cell = this.current();
    if (!cell) return;
    this.history.step(() => {
      edits.retype(this.session.cells, cell.id, "markdown");
      const before = /^#{0,6}[ \t]*/.exec(cell.text)?.[0].length ?? 0;
      edits.spliceSource(cell.source, [{ from: 0, to: before, insert: "#".repeat(level) + " " }]);
    });
    this.edit(cell.id, "end");
  }

  copy(): void {
    hold(this.chosen().map((cell) => edits.plainOf(cell.map.peek())));
    tell(this.chosen().length === 1 ? "Cell copied" : `${this.chosen().length} cells copied`);
  }

  cut(): void {
    if (this.guard()) return;
    hold(this.chosen().map((cell) => edits.plainOf(cell.map.peek())));
    this.remove();
  }

  paste(where: "above" | "below"): void {
    if (this.guard()) return;
    const plains = taken().map((plain) => ({ ...plain, id: edits.freshId() }));
    if (plains.length === 0) return tell("There are no cells on the clipboard.");
    const ids = this.chosen().map((cell) => cell.id);
    const at = where === "above" ? this.cells.index(ids[0] ?? "") : this.cells.index(ids[ids.length - 1] ?? "") + 1;
    this.history.step(() => edits.insert(this.session.cells, Math.max(0, at), plains));
    this.select(plains[plains.length - 1]!.id);
    this.anchor.value = plains[0]!.id;
  }

  duplicate(): void {
    if (this.guard()) return;
    const chosen = this.chosen();
    const plains = chosen.map((cell) => ({ ...edits.plainOf(cell.map.peek()), id: edits.freshId() }));
    this.history.step(() => edits.insert(this.session.cells, this.cells.index(chosen[chosen.length - 1]!.id) + 1, plains));
    this.select(plains[0]!.id);
  }

  move(by: -1 | 1): void {
    if (this.guard()) return;
    this.reorder(shifted(this.order, new Set(this.selected.peek()), by));
  }

  drop(ids: Set<string>, target: string, side: "before" | "after"): void {
    if (this.guard()) return;
    this.reorder(dropped(this.order, ids, target, side));
  }

  private reorder(wanted: string[]): void {
    if (wanted.join("\n") === this.order.join("\n")) return;
    const active = this.active.peek();
    const editing = this.mode.peek() === "edit";
    this.history.move(wanted);
    if (!editing) requestAnimationFrame(() => this.mode.peek() === "command" && this.active.peek() === active && this.focusCell(active));
  }

  merge(): void {
    if (this.guard()) return;
    let ids = this.chosen().map((cell) => cell.id);
    if (ids.length === 1) {
      const below = this.order[this.order.indexOf(ids[0]!) + 1];
      if (!below) return;
      ids = [ids[0]!, below];
    }
    this.history.step(() => edits.merge(this.session.cells, ids));
    this.select(ids[0]!);
  }

  split(): void {
    const cell = this.current();
    const editor = cell && this.editors.get(cell.key);
    if (!cell || !editor || this.guard()) return;
    const cuts = editor.view.state.selection.ranges.flatMap((range) => (range.empty ? [range.head] : [range.from, range.to]));
    const last = this.history.step(() => edits.split(this.session.cells, cell.id, cuts));
    for (const made of this.cells.list.peek()) if (made.id === last) made.rendered.value = false;
    this.edit(last, "start");
  }

  undo(): void {
    if (!this.guard()) this.history.undo();
  }

  redo(): void {
    if (!this.guard()) this.history.redo();
  }

  clearOutputs(all: boolean): void {
    if (this.guard()) return;
    const ids = all ? this.order : this.chosen().map((cell) => cell.id);
    this.history.step(() => ids.forEach((id) => edits.clearOutputs(this.session.cells, id)));
  }

  /** Hides or shows a part of a cell, in the metadata keys that Jupyter uses. */
  setHidden(cell: Cell, part: "source" | "outputs", hidden: boolean): void {
    if (this.guard()) return;
    const jupyter = { ...((cell.metadata.peek().jupyter as Record<string, unknown> | undefined) ?? {}) };
    if (hidden) jupyter[`${part}_hidden`] = true;
    else delete jupyter[`${part}_hidden`];
    this.history.step(() => {
      edits.setMetadata(this.session.cells, cell.id, "jupyter", Object.keys(jupyter).length ? jupyter : undefined);
      if (part === "outputs") edits.setMetadata(this.session.cells, cell.id, "collapsed", hidden ? true : undefined);
    });
  }

  setScrolled(cell: Cell, scrolled: boolean): void {
    if (!this.guard()) this.history.step(() => edits.setMetadata(this.session.cells, cell.id, "scrolled", scrolled));
  }

  fold(id: string, folded: boolean): void {
    const next = new Set(this.folded.peek());
    if (folded) next.add(id);
    else next.delete(id);
    this.folded.value = next;
  }

  toggleLines(): void {
    this.lineNumbers.value = !this.lineNumbers.peek();
    write("lines", this.lineNumbers.peek());
  }

  trust(): void {
    this.trusted.value = true;
    write(`trust.${this.session.id}`, true);
  }

  // ---- running

  /** Runs cells in this order; Markdown is rendered. */
  async run(ids: string[]): Promise<void> {
    const code: string[] = [];
    for (const id of ids) {
      const cell = this.cells.get(id);
      if (cell?.type.peek() === "code" && cell.text.trim() !== "") code.push(id);
      if (cell?.type.peek() === "markdown") cell.rendered.value = true;
    }
    if (code.length === 0 || this.guard()) return;
    for (const id of code) this.ran.add(id);
    if (this.session.link.peek() !== "live") return tell("Cells run when the hub is back: this page is offline.", "bad");
    try {
      await this.session.request("execute", { cells: code });
    } catch (error) {
      this.runFailed(error);
    }
  }

  private runFailed(error: unknown): void {
    const code = error instanceof Problem ? error.code : "";
    if (code === "not_served" || code === "timeout" || (code === "invalid_request" && /method/.test(String((error as Problem).detail)))) {
      tell("This hub cannot run cells.", "bad");
    } else complain("Not run", error);
  }

  runAll(part: "all" | "above" | "below" = "all"): void {
    const order = this.order;
    const ids = this.chosen().map((cell) => cell.id);
    const first = order.indexOf(ids[0] ?? "");
    const list = part === "above" ? order.slice(0, Math.max(0, first)) : part === "below" ? order.slice(Math.max(0, first)) : order;
    void this.run(list);
  }

  async interrupt(): Promise<void> {
    try {
      await this.session.request("interrupt", {});
    } catch (error) {
      complain("Not interrupted", error);
    }
  }

  async restart(): Promise<boolean> {
    try {
      await this.session.request("restart", {});
      return true;
    } catch (error) {
      complain("Not restarted", error);
      return false;
    }
  }

  async answer(execution: string, value: string): Promise<void> {
    try {
      await this.session.request("answer", { execution, value });
    } catch (error) {
      complain("Not answered", error);
    }
  }

  async cancel(execution: string): Promise<void> {
    try {
      await api.cancel(execution);
    } catch (error) {
      complain("Not cancelled", error);
    }
  }

  // ---- helpers

  private metadataLanguage(): string {
    const metadata = this.session.meta.get("metadata") as { get?: (key: string) => unknown } | undefined;
    const get = (key: string) => (typeof metadata?.get === "function" ? metadata.get(key) : (metadata as Record<string, unknown> | undefined)?.[key]) as Record<string, unknown> | undefined;
    return String(get("language_info")?.name || get("kernelspec")?.language || get("kernelspec")?.name || "python");
  }

  private underFolds(): ReadonlySet<string> {
    const folded = this.folded.value;
    const hidden = new Set<string>();
    if (folded.size === 0) return hidden;
    let level = 0;
    for (const cell of this.cells.list.value) {
      const own = headingLevel(cell);
      if (level && !(own && own <= level)) hidden.add(cell.id);
      else level = own && folded.has(cell.id) ? own : 0;
    }
    return hidden;
  }
}

/** The level of the heading that a Markdown cell begins with, 0 when it begins with none. */
export function headingLevel(cell: Cell): number {
  if (cell.type.value !== "markdown") return 0;
  cell.sourceTick.value;
  return /^\s*(#{1,6})\s/.exec(cell.text)?.[1]?.length ?? 0;
}
