// One cell of the page.
import { useComputed, useSignal } from "@preact/signals";
import { memo } from "./memo";
import { useEffect, useState } from "preact/hooks";
import type { Cell, CellType } from "../doc/model";
import { between } from "../doc/order";
import { Prose } from "../outputs/html";
import { Icon } from "../ui/icons";
import { Menu, type Item } from "../ui/menu";
import { attach, picturesOf } from "./attach";
import { isHidden } from "./commands";
import { headingLevel } from "./focus";
import type { Notebook } from "./notebook";
import { CellOutputs } from "./outputs";
import { PromptForm } from "./prompt";
import { Source } from "./source";

const typeNames: Record<CellType, string> = { code: "Code", markdown: "Markdown", raw: "Raw" };

export const CellView = memo(function CellView({ nb, cell, index }: { nb: Notebook; cell: Cell; index: number }) {
  const active = useComputed(() => nb.active.value === cell.id).value;
  const selected = useComputed(() => nb.selected.value.has(cell.id)).value;
  const editing = useComputed(() => nb.active.value === cell.id && nb.mode.value === "edit").value;
  const hidden = useComputed(() => nb.hidden.value.has(cell.id)).value;
  const drop = useComputed(() => (nb.dragged.value?.target === cell.id ? nb.dragged.value.side : "")).value;
  const running = useComputed(() => nb.runs.value.get(cell.id)?.state ?? "").value;
  const type = cell.type.value;
  const rendered = type === "markdown" && cell.rendered.value;
  if (hidden) return null;
  const classes = ["cell", `cell-${type}`, active && "active", selected && "selected", editing && "editing", rendered && "rendered", running && `is-${running}`, drop && `drop-${drop}`];
  return (
    <div
      id={`cell-${cell.id}`}
      data-cell={cell.id}
      class={classes.filter(Boolean).join(" ")}
      role="group"
      aria-roledescription="cell"
      aria-label={`${typeNames[type]} cell ${index + 1}${running === "running" ? ", running" : running ? ", waiting to run" : ""}`}
      tabIndex={active ? 0 : -1}
      onPointerDown={(event) => press(nb, cell, event)}
      onFocus={(event) => {
        if (event.target === event.currentTarget && nb.active.peek() !== cell.id) nb.select(cell.id, { focus: false });
      }}
      {...dragTarget(nb, cell)}
    >
      <Gutter nb={nb} cell={cell} />
      <div class="cell-main">
        {active && !nb.readOnly && <CellBar nb={nb} cell={cell} />}
        {isHidden(cell.metadata.value, "source") && !editing ? (
          <button type="button" class="collapsed-part" onClick={() => nb.setHidden(cell, "source", false)}>{firstLine(cell) || "Empty cell"}</button>
        ) : rendered ? (
          <Rendered nb={nb} cell={cell} />
        ) : (
          <div class="source-place">
            <Source nb={nb} cell={cell} label={`${typeNames[type]} cell ${index + 1}`} />
            <RunLine nb={nb} cell={cell} />
          </div>
        )}
        {type === "code" && <CellOutputs nb={nb} cell={cell} />}
        <PromptForm nb={nb} cell={cell} />
      </div>
      <Margin nb={nb} cell={cell} />
    </div>
  );
});

function firstLine(cell: Cell): string {
  cell.sourceTick.value;
  return cell.text.split("\n", 1)[0]!.slice(0, 120);
}

/** A click takes the cell; with Shift it extends the selection. Editors and controls see to themselves. */
function press(nb: Notebook, cell: Cell, event: PointerEvent): void {
  const target = event.target as Element;
  if (event.button !== 0 || target.closest(".source .cm-editor, button, a, input, select, [role=menu]")) {
    if (target.closest("button, select") && !target.closest(".menu-list") && nb.active.peek() !== cell.id) nb.select(cell.id, { focus: false });
    return;
  }
  if (event.shiftKey) {
    event.preventDefault();
    nb.select(cell.id, { extend: true, scroll: false });
  } else {
    const scrollable = target.closest("[tabindex]");
    nb.select(cell.id, { scroll: false, focus: scrollable === event.currentTarget });
  }
}

function Gutter({ nb, cell }: { nb: Notebook; cell: Cell }) {
  const type = cell.type.value;
  const run = useComputed(() => nb.runs.value.get(cell.id)).value;
  const running = run?.state === "running" || (cell.state.value === "running" && run === undefined);
  const level = headingLevel(cell);
  const folded = nb.folded.value.has(cell.id);
  return (
    <div class="gutter">
      <span class="grip" draggable={!nb.readOnly} title="Drag to move" aria-hidden="true" {...dragSource(nb, cell)}><Icon name="drag" size={14} /></span>
      {type === "code" && (
        <>
          <span class="count">{running || run ? "*" : (cell.count.value ?? "")}</span>
          <button type="button" class="run" title="Run this cell" aria-label="Run this cell" tabIndex={-1} onClick={() => void nb.run([cell.id])}><Icon name="play" size={13} /></button>
        </>
      )}
      {level > 0 && (
        <button type="button" class={`foldmark ${folded ? "folded" : ""}`} aria-expanded={!folded} aria-label={folded ? "Unfold this section" : "Fold this section"} tabIndex={-1} onClick={() => nb.fold(cell.id, !folded)}>
          <Icon name="fold" size={13} />
        </button>
      )}
    </div>
  );
}

function Rendered({ nb, cell }: { nb: Notebook; cell: Cell }) {
  cell.sourceTick.value;
  const map = cell.map.value;
  const text = cell.text;
  return (
    <div class="rendered-box" onDblClick={() => nb.edit(cell.id, "end")}>
      {text.trim() === "" ? <p class="note">Empty Markdown cell. Press Enter to write.</p> : <Prose source={text} attachments={map.get("attachments") as Record<string, unknown> | undefined} />}
    </div>
  );
}

/** Who asked for a run, and how long it takes. */
function RunLine({ nb, cell }: { nb: Notebook; cell: Cell }) {
  const run = useComputed(() => nb.runs.value.get(cell.id)).value;
  const now = useSignal(Date.now());
  useEffect(() => {
    if (run?.state !== "running") return;
    const timer = setInterval(() => (now.value = Date.now()), 200);
    return () => clearInterval(timer);
  }, [run?.state]);
  if (!run) return null;
  const started = run.started ? Date.parse(run.started) : NaN;
  const seconds = Number.isNaN(started) ? 0 : Math.max(0, (now.value - started) / 1000);
  return (
    <div class={`runline ${run.state}`}>
      <span class="spin" aria-hidden="true" />
      <span>
        {run.state === "running" ? `Running ${duration(seconds)}` : run.place === 0 ? "Waiting for the kernel" : `Waiting, number ${run.place} in the queue`}
        {run.by && <span class="by">, asked by {run.by}</span>}
      </span>
      <button type="button" class="link" onClick={() => void (run.state === "running" ? nb.interrupt() : nb.cancel(run.id))}>{run.state === "running" ? "Interrupt" : "Cancel"}</button>
    </div>
  );
}

/** Seconds for a person. */
export function duration(seconds: number): string {
  if (seconds < 60) return `${seconds < 10 ? seconds.toFixed(1) : Math.floor(seconds)} s`;
  const minutes = Math.floor(seconds / 60);
  return minutes < 60 ? `${minutes} min ${Math.floor(seconds % 60)} s` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** Who is in this cell. */
function Margin({ nb, cell }: { nb: Notebook; cell: Cell }) {
  const here = useComputed(() => nb.presence.others.value.filter((someone) => someone.cell === cell.id)).value;
  return (
    <div class="margin">
      {here.slice(0, 4).map((someone) => (
        <span key={someone.client} class={`who ${someone.editing ? "writing" : ""}`} style={{ background: someone.color }} title={`${someone.name} is ${someone.editing ? "writing" : ""} here`} role="img" aria-label={`${someone.name} is here`}>{someone.initials}</span>
      ))}
      {here.length > 4 && <span class="who more">+{here.length - 4}</span>}
    </div>
  );
}

function CellBar({ nb, cell }: { nb: Notebook; cell: Cell }) {
  const type = cell.type.value;
  const [busy] = useState(false);
  const more = (): Item[] => [
    { label: "Insert above", hint: "A", act: () => nb.insert("above") },
    { label: "Insert below", hint: "B", act: () => nb.insert("below") },
    { label: "Duplicate", act: () => nb.duplicate() },
    { label: "Cut", hint: "X", act: () => nb.cut() },
    { label: "Copy", hint: "C", act: () => nb.copy() },
    { label: "Paste below", hint: "V", act: () => nb.paste("below") },
    { label: "Merge with the cell below", hint: "Shift-M", act: () => nb.merge() },
    { label: "", act: () => {}, divider: true },
    { label: isHidden(cell.metadata.peek(), "source") ? "Show the source" : "Collapse the source", hint: "-", act: () => nb.setHidden(cell, "source", !isHidden(cell.metadata.peek(), "source")) },
    { label: isHidden(cell.metadata.peek(), "outputs") ? "Show the outputs" : "Hide the outputs", hint: "O", act: () => nb.setHidden(cell, "outputs", !isHidden(cell.metadata.peek(), "outputs")) },
    { label: "Clear the outputs", act: () => nb.clearOutputs(false) },
    { label: "", act: () => {}, divider: true },
    { label: "Run all above", act: () => nb.runAll("above") },
    { label: "Run this and all below", act: () => nb.runAll("below") },
  ];
  return (
    <div class="cellbar" role="toolbar" aria-label="Cell">
      <select aria-label="Type of the cell" value={type} disabled={busy} onChange={(event) => { nb.retype(event.currentTarget.value as CellType); nb.focusCell(cell.id, false); }}>
        <option value="code">Code</option>
        <option value="markdown">Markdown</option>
        <option value="raw">Raw</option>
      </select>
      <button type="button" class="quiet" title="Move up (Alt-Up)" aria-label="Move up" onClick={() => nb.move(-1)}><Icon name="up" size={14} /></button>
      <button type="button" class="quiet" title="Move down (Alt-Down)" aria-label="Move down" onClick={() => nb.move(1)}><Icon name="down" size={14} /></button>
      <button type="button" class="quiet" title="Delete (D, D)" aria-label="Delete" onClick={() => nb.remove()}><Icon name="trash" size={14} /></button>
      <Menu label="More about this cell" items={more}><Icon name="more" size={14} /></Menu>
    </div>
  );
}

// ---- drag and drop

const kind = "application/x-notebook-hub-cells";

function dragSource(nb: Notebook, cell: Cell) {
  return {
    onDragStart: (event: DragEvent) => {
      if (!nb.selected.peek().has(cell.id)) nb.select(cell.id, { focus: false });
      event.dataTransfer?.setData(kind, "cells");
      event.dataTransfer!.effectAllowed = "move";
      const element = document.getElementById(`cell-${cell.id}`);
      if (element) event.dataTransfer?.setDragImage(element, 20, 12);
    },
    onDragEnd: () => (nb.dragged.value = null),
  };
}

function dragTarget(nb: Notebook, cell: Cell) {
  const side = (event: DragEvent): "before" | "after" => {
    const box = (event.currentTarget as Element).getBoundingClientRect();
    return event.clientY < box.top + box.height / 2 ? "before" : "after";
  };
  return {
    onDragOver: (event: DragEvent) => {
      if (!event.dataTransfer?.types.includes(kind)) return;
      event.preventDefault();
      const next = { target: cell.id, side: side(event) };
      if (nb.dragged.peek()?.target !== next.target || nb.dragged.peek()?.side !== next.side) nb.dragged.value = next;
    },
    onDrop: (event: DragEvent) => {
      // An editor has seen to its own already.
      if (!event.defaultPrevented && attach(nb, cell, picturesOf(event.dataTransfer), cell.text.length)) event.preventDefault();
      if (!event.dataTransfer?.types.includes(kind)) return;
      event.preventDefault();
      nb.dragged.value = null;
      nb.drop(new Set(between(nb.order, nb.anchor.peek(), nb.active.peek())), cell.id, side(event));
    },
  };
}
