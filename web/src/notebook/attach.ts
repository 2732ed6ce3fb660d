// Pictures that are pasted or dropped into Markdown: they become attachments of the cell, as in Jupyter.
import * as Y from "yjs";
import { bytes } from "../bytes";
import * as edits from "../doc/edits";
import type { Cell } from "../doc/model";
import { tell } from "../ui/notice";
import type { Notebook } from "./notebook";

/** Bytes of a picture at most: it travels inside the document, to everybody. */
const most = 8 << 20;

/** The pictures among what was pasted or dropped. Text that comes with a picture of itself is text. */
export function picturesOf(data: DataTransfer | null): File[] {
  if (!data || data.types.includes("text/plain")) return [];
  return [...data.files].filter((file) => /^image\/[a-z0-9.+-]+$/i.test(file.type));
}

/** Puts pictures into a cell, at a position of its source. Returns false when the cell takes none. */
export function attach(nb: Notebook, cell: Cell, pictures: File[], at: number): boolean {
  if (pictures.length === 0 || cell.type.peek() !== "markdown" || nb.readOnly) return false;
  // Others may write in the cell while the pictures are read.
  const place = Y.createRelativePositionFromTypeIndex(cell.source, at);
  void Promise.all(pictures.filter(fits).map(read)).then((all) => all.length && put(nb, cell.id, all, place));
  return true;
}

interface Picture { name: string; mime: string; base64: string }

function fits(file: File): boolean {
  if (file.size <= most) return true;
  tell(`${file.name} has ${bytes(file.size)}; pictures of at most ${bytes(most)} fit into a cell. Put it into the notebook’s folder and write ![](${file.name}).`, "bad");
  return false;
}

async function read(file: File): Promise<Picture> {
  const url = await new Promise<string>((done, fail) => {
    const reader = new FileReader();
    reader.onload = () => done(String(reader.result));
    reader.onerror = () => fail(reader.error);
    reader.readAsDataURL(file);
  });
  return { name: nameFor(file), mime: file.type.toLowerCase(), base64: url.slice(url.indexOf(",") + 1) };
}

/** A name that nobody else gives at the same moment; it needs no escapes in Markdown. */
function nameFor(file: File): string {
  const [, stem = "image", extension = ""] = /^(.*?)(\.[^.]*)?$/.exec(file.name.replace(/[^\p{L}\p{N}._-]+/gu, "-")) ?? [];
  return `${stem || "image"}-${edits.freshId().slice(0, 8)}${extension || "." + file.type.slice(6).replace(/\+.*/, "")}`;
}

function put(nb: Notebook, id: string, pictures: Picture[], place: Y.RelativePosition): void {
  const cell = nb.cells.get(id);
  if (!cell || cell.type.peek() !== "markdown") return;
  const at = Y.createAbsolutePositionFromRelativePosition(place, nb.session.doc);
  const index = at && at.type === cell.source ? at.index : cell.source.length;
  const text = pictures.map(({ name }) => `![${name.replace(/-[0-9a-f]{8}(\.[^.]*)$/, "$1")}](attachment:${name})`).join("\n");
  nb.history.step(() => edits.attach(nb.session.cells, id, Object.fromEntries(pictures.map(({ name, mime, base64 }) => [name, { [mime]: base64 }])), index, text));
  nb.editors.get(cell.key)?.view.dispatch({ selection: { anchor: index + text.length } });
}
