// Everything that a person can do to the open notebook: edits, and running.
import { api, Problem } from "../api";
import { hold, taken } from "../doc/clipboard";
import * as edits from "../doc/edits";
import type { Cell, CellType } from "../doc/model";
import { dropped, shifted } from "../doc/order";
import { write } from "../memory";
import { complain, tell } from "../ui/notice";
import { Focus } from "./focus";

export class Notebook extends Focus {
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
    this.history.step(() => edits.heading(this.session.cells, cell.id, level));
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
}
