// The document as .ipynb, made in the page: for the case that the hub cannot be asked.
import * as Y from "yjs";
import type { YCell } from "../doc/model";
import { plainOf } from "../doc/edits";
import type { Session } from "../room/session";

/** Writes the notebook as nbformat 4 JSON in Jupyter's own style. */
export function notebookJson(session: Session): string {
  const metadata = session.meta.get("metadata");
  const cells = session.cells.toArray().map((map: YCell) => {
    const { id, type, source, metadata: own, outputs, count, attachments, rest } = plainOf(map);
    const cell: Record<string, unknown> = { cell_type: type, ...rest, id, metadata: own, source: lines(source) };
    if (type === "code") Object.assign(cell, { execution_count: count ?? null, outputs: outputs?.map(output) });
    else if (attachments !== undefined) cell.attachments = attachments;
    return cell;
  });
  const notebook = {
    cells, metadata: metadata instanceof Y.Map ? metadata.toJSON() : (metadata ?? {}),
    nbformat: Number(session.meta.get("nbformat") ?? 4), nbformat_minor: Number(session.meta.get("nbformat_minor") ?? 5),
  };
  return JSON.stringify(notebook, null, 1) + "\n";
}

function lines(text: string): string[] {
  return text === "" ? [] : (text.match(/[^\n]*\n|[^\n]+$/g) ?? []);
}

function output(value: unknown): unknown {
  const { hub_blob: _blob, ...rest } = value as Record<string, unknown>;
  return rest;
}
