// The open notebook as a person goes through it: what is selected, what is written in, what is folded away.
import { batch, computed, effect, type ReadonlySignal, signal } from "@preact/signals";
import { History } from "../doc/history";
import { type Cell, Cells } from "../doc/model";
import { between } from "../doc/order";
import { read } from "../memory";
import { Presence } from "../room/presence";
import type { QueueItem, Session } from "../room/session";
import type { Editor } from "./editor";
import type { Mode } from "./keys";
import { modeOf } from "./languages";

export type Run = QueueItem & { place: number };

export class Focus {
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
