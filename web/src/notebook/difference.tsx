// The two sides of a conflict, or a notebook and a former version of it, side by side for a decision.
import { api } from "../api";
import { diffCells, type CellDiff, diffLines, type FileCell } from "../doc/diff";
import { ask } from "../ui/dialog";
import { complain } from "../ui/notice";
import { notebookJson } from "./export";
import { resolve } from "./files";
import type { Notebook } from "./notebook";

function cellsOf(text: string): FileCell[] | null {
  try {
    const cells = (JSON.parse(text) as { cells?: unknown }).cells;
    return Array.isArray(cells) ? (cells as FileCell[]) : null;
  } catch {
    return null;
  }
}

/** Compares two notebook files; what is no notebook is compared as text. */
export function compareFiles(left: string, right: string): CellDiff[] {
  const a = cellsOf(left);
  const b = cellsOf(right);
  if (a && b) return diffCells(a, b);
  return [{ id: "file", status: "changed", type: "file", notes: ["The file on disk is no notebook as it is: it is shown as text."], lines: diffLines(left, right) }];
}

export async function showDifference(nb: Notebook): Promise<void> {
  let disk: string;
  try {
    disk = await api.disk(nb.session.id);
  } catch (error) {
    return complain("The file could not be read", error);
  }
  const cells = compareFiles(notebookJson(nb.session), disk);
  const conflict = nb.session.room.peek()?.name === "conflict" || nb.session.standing.peek().actions.includes("keep-room");
  const answer = await ask<"room" | "disk">("This notebook and the file on disk", (done) => (
    <>
      <Legend left="only in this notebook" right="only on disk" />
      <Difference cells={cells} />
      <div class="dialog-actions">
        <button type="button" onClick={() => done(null)}>{conflict ? "Decide later" : "Close"}</button>
        {conflict && <button type="button" onClick={() => done("disk")}>Take the disk’s</button>}
        {conflict && <button type="button" class="primary" onClick={() => done("room")}>Keep mine</button>}
      </div>
    </>
  ), true);
  if (answer) await resolve(nb, answer);
}

export function Legend({ left, right }: { left: string; right: string }) {
  return <p class="legend"><span class="swatch left" aria-hidden="true">−</span> {left} <span class="swatch right" aria-hidden="true">+</span> {right}</p>;
}

export function Difference({ cells }: { cells: CellDiff[] }) {
  const changed = cells.filter((cell) => cell.status !== "same");
  if (changed.length === 0) return <p>Both are the same.</p>;
  const same = cells.length - changed.length;
  return (
    <div class="difference" tabIndex={0} role="group" aria-label="Differences">
      {changed.map((cell) => (
        <section key={cell.id} class={`diff-cell ${cell.status}`}>
          <h3>{cell.type === "file" ? "File" : `${cell.type[0]!.toUpperCase()}${cell.type.slice(1)} cell`}{cell.status === "left" ? ", only here" : cell.status === "right" ? ", only on the other side" : ""}{cell.notes.length > 0 && <small> {cell.notes.join(", ")}</small>}</h3>
          <Lines lines={cell.lines} />
        </section>
      ))}
      {same > 0 && <p class="note">{same === 1 ? "1 cell is" : `${same} cells are`} the same.</p>}
    </div>
  );
}

/** Changed lines with three lines of what is around them. */
function Lines({ lines }: { lines: CellDiff["lines"] }) {
  const near = lines.map((_, i) => lines.slice(Math.max(0, i - 3), i + 4).some((line) => line.kind !== "same"));
  if (!near.some(Boolean)) return null;
  const rows = [];
  for (let i = 0; i < lines.length; i++) {
    const line = lines[i]!;
    if (near[i]) rows.push(<span class={`diff-line ${line.kind}`}><span class="sign">{line.kind === "left" ? "−" : line.kind === "right" ? "+" : " "}</span>{line.text}{"\n"}</span>);
    else if (i === 0 || near[i - 1]) rows.push(<span class="diff-line gap">⋯{"\n"}</span>);
  }
  return <pre>{rows}</pre>;
}
