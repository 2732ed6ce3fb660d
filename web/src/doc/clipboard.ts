// Cells on the clipboard: kept in this browser, so that they can be pasted into another notebook.
import { read, write } from "../memory";
import type { Plain } from "./edits";

let held: Plain[] = [];

/** Puts cells on the clipboard. */
export function hold(cells: Plain[]): void {
  held = cells;
  const text = JSON.stringify(cells);
  // Large outputs stay with this page: browsers give sites a few megabytes.
  write("clipboard", text.length < 1_000_000 ? cells : cells.map(({ outputs: _outputs, ...rest }) => ({ ...rest, outputs: [] })));
}

/** The cells on the clipboard, ready to be inserted: without their ids. */
export function taken(): Plain[] {
  const cells = held.length ? held : read<Plain[]>("clipboard", []);
  return cells.map(({ id: _id, ...cell }) => cell);
}
