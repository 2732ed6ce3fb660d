// The source of a cell: plain text far from the screen, an editor near it. Both have the same size.
import { useContext, useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { createContext } from "preact";
import type { Cell } from "../doc/model";
import { makeEditor, type Editor, type EditorHost } from "./editor";
import { modeOfMagic } from "./languages";
import { soon, watchNear } from "./near";
import type { Notebook } from "./notebook";

/** Editors beyond this number are given up when their cells are far away. */
const mostEditors = 150;

export interface Hosts { hostFor(cell: Cell): EditorHost }
export const EditorHosts = createContext<Hosts>(null as unknown as Hosts);

export function languageOf(nb: Notebook, cell: Cell): string {
  const type = cell.type.value;
  if (type === "markdown") return "markdown";
  if (type === "raw") return "";
  return modeOfMagic(cell.text.slice(0, 200)) || nb.language.value;
}

export function Source({ nb, cell, label }: { nb: Notebook; cell: Cell; label: string }) {
  const host = useRef<HTMLDivElement>(null);
  const editor = useRef<Editor | null>(null);
  const [live, setLive] = useState(false);
  const hosts = useContext(EditorHosts);
  const map = cell.map.value;
  const type = cell.type.value;
  const wrap = type !== "code";

  useLayoutEffect(() => {
    const element = host.current!;
    let callOff = () => {};
    const create = () => {
      if (editor.current) return;
      const made = makeEditor(element, {
        text: cell.source, awareness: nb.session.awareness, language: languageOf(nb, cell), wrap, lineNumbers: nb.lineNumbers.peek(), readOnly: nb.readOnly,
        label, host: hosts.hostFor(cell),
      });
      editor.current = made;
      setLive(true);
      nb.arrived(cell, made);
    };
    const destroy = () => {
      callOff();
      const old = editor.current;
      if (!old) return;
      editor.current = null;
      // A replaced cell (moved or retyped by somebody) keeps the cursor of whoever is in it.
      if (old.view.hasFocus) replaced.set(cell, old.view.state.selection.main.head);
      nb.departed(cell, old);
      old.destroy();
      setLive(false);
    };
    const stop = watchNear(element, (near) => {
      callOff();
      if (near) callOff = soon(element, create);
      else if (nb.editors.size > mostEditors && nb.active.peek() !== cell.id) destroy();
    });
    nb.makers.set(cell.key, create);
    const at = replaced.get(cell);
    if (at !== undefined) {
      replaced.delete(cell);
      create();
      nb.edit(cell.id, at);
    } else if (nb.wants(cell.id)) create();
    return () => {
      stop();
      if (nb.makers.get(cell.key) === create) nb.makers.delete(cell.key);
      destroy();
    };
  }, [map, wrap]);

  // Whoever asks for the focus of a cell that has no editor yet gets one at once.
  useEffect(() => {
    if (nb.active.value === cell.id && nb.mode.value === "edit" && !editor.current) host.current?.scrollIntoView({ block: "nearest" });
  }, [nb.active.value === cell.id]);

  useEffect(() => editor.current?.setLanguage(languageOf(nb, cell)), [live, nb.language.value, type, modeOfMagic(cell.text.slice(0, 200))]);
  useEffect(() => editor.current?.setLineNumbers(nb.lineNumbers.value), [live, nb.lineNumbers.value]);
  useEffect(() => editor.current?.setReadOnly(nb.readOnly), [live, nb.session.readOnly.value, nb.session.link.value]);
  useEffect(() => editor.current?.setLabel(label), [live, label]);

  return (
    <div class={`source ${wrap ? "wrap" : ""}`} ref={host}>
      {!live && <Still cell={cell} />}
    </div>
  );
}

const replaced = new WeakMap<Cell, number>();

/** The text alone, while there is no editor. */
function Still({ cell }: { cell: Cell }) {
  cell.sourceTick.value;
  return <pre class="still">{cell.text + "\n"}</pre>;
}
