// One CodeMirror editor bound to the source of one cell.
import { acceptCompletion, autocompletion, closeBrackets, closeBracketsKeymap, type CompletionSource, completionStatus, startCompletion } from "@codemirror/autocomplete";
import { defaultKeymap, indentLess, indentMore, toggleComment } from "@codemirror/commands";
import { bracketMatching, indentOnInput, indentUnit, syntaxHighlighting } from "@codemirror/language";
import { Compartment, EditorSelection, EditorState, type Extension, Prec } from "@codemirror/state";
import { drawSelection, EditorView, type KeyBinding, keymap, lineNumbers, rectangularSelection } from "@codemirror/view";
import { classHighlighter } from "@lezer/highlight";
import type { Awareness } from "y-protocols/awareness";
import { ySync, YSyncConfig, ySyncFacet } from "y-codemirror.next";
import type * as Y from "yjs";
import { cursors } from "./cursors";
import { lineComment, mode } from "./languages";
import { searchMarks } from "./searchmarks";

/** What an editor asks of the notebook around it. */
export interface EditorHost {
  /** A key that means something to the notebook; true when it did something. */
  onKey(event: KeyboardEvent): boolean;
  /** The cursor wants to leave the cell upwards (-1) or downwards (1). */
  onLeave(direction: -1 | 1): boolean;
  /** Files were pasted or dropped at a position; true when the cell takes them. */
  onFiles(data: DataTransfer | null, at: number): boolean;
  onFocus(): void;
  onBlur(): void;
  complete: CompletionSource | null;
  /** Shows what the kernel knows about the name at the cursor. */
  inspect(view: EditorView): boolean;
}

export interface EditorOptions {
  text: Y.Text;
  awareness: Awareness;
  language: string;
  wrap: boolean;
  lineNumbers: boolean;
  readOnly: boolean;
  label: string;
  host: EditorHost;
}

export interface Editor {
  readonly view: EditorView;
  /** The origin of its edits, for the undo manager. */
  readonly origin: unknown;
  setLanguage(name: string): void;
  setReadOnly(readOnly: boolean): void;
  setLineNumbers(on: boolean): void;
  setLabel(label: string): void;
  destroy(): void;
}

/** Makes an editor. It is torn down only by destroy, never by a re-render. */
export function makeEditor(parent: HTMLElement, options: EditorOptions): Editor {
  const config = new YSyncConfig(options.text, options.awareness);
  const language = new Compartment();
  const editable = new Compartment();
  const numbers = new Compartment();
  const label = new Compartment();
  const view = new EditorView({
    parent,
    state: EditorState.create({
      doc: options.text.toString(),
      extensions: [
        Prec.highest(EditorView.domEventHandlers({
          keydown: (event) => options.host.onKey(event),
          paste: (event, view) => options.host.onFiles(event.clipboardData, view.state.selection.main.head),
          drop: (event, view) => options.host.onFiles(event.dataTransfer, view.posAtCoords({ x: event.clientX, y: event.clientY }) ?? view.state.doc.length),
        })),
        binding(config),
        cursors(options.text, options.awareness),
        basics(options),
        label.of(labelled(options.label)),
        editable.of(locked(options.readOnly)),
        numbers.of(options.lineNumbers ? lineNumbers() : []),
        language.of([]),
      ],
    }),
  });
  let current = "";
  const setLanguage = (name: string) => {
    if (name === current) return;
    current = name;
    void mode(name).then((extension) => {
      if (current === name) view.dispatch({ effects: language.reconfigure([extension, EditorState.languageData.of(() => [{ commentTokens: { line: lineComment(name) } }])]) });
    });
  };
  setLanguage(options.language);
  return {
    view,
    origin: config,
    setLanguage,
    setReadOnly: (on) => view.dispatch({ effects: editable.reconfigure(locked(on)) }),
    setLineNumbers: (on) => view.dispatch({ effects: numbers.reconfigure(on ? lineNumbers() : []) }),
    setLabel: (text) => view.dispatch({ effects: label.reconfigure(labelled(text)) }),
    destroy: () => {
      current = "gone";
      view.destroy();
    },
  };
}

const labelled = (text: string) => EditorView.contentAttributes.of({ "aria-label": text, tabindex: "0" });

function locked(on: boolean): Extension {
  return on ? [EditorState.readOnly.of(true), EditorView.editable.of(false)] : [];
}

function binding(config: YSyncConfig): Extension {
  // The document counts "\n" as one unit, so must the editor, whatever a file or a clipboard brings.
  return [EditorState.lineSeparator.of("\n"), ySyncFacet.of(config), ySync, EditorView.clipboardInputFilter.of((text) => text.replace(/\r\n?/g, "\n"))];
}

function basics(options: EditorOptions): Extension {
  const { host } = options;
  return [
    EditorState.allowMultipleSelections.of(true),
    EditorState.tabSize.of(4),
    indentUnit.of("    "),
    drawSelection(),
    rectangularSelection(),
    bracketMatching(),
    closeBrackets(),
    indentOnInput(),
    searchMarks,
    syntaxHighlighting(classHighlighter),
    options.wrap ? EditorView.lineWrapping : [],
    host.complete ? autocompletion({ override: [host.complete], activateOnTyping: false, icons: false }) : [],
    keymap.of([...keys(options), ...closeBracketsKeymap, ...defaultKeymap.filter((binding) => !taken.has(binding.key ?? ""))]),
    EditorView.domEventHandlers({ focus: () => host.onFocus(), blur: () => host.onBlur() }),
  ];
}

/** Keys that mean something else in a notebook. */
const taken = new Set(["Mod-Enter", "Shift-Enter", "Mod-/", "Ctrl-d", "Ctrl-k", "Ctrl-o"]);

function keys({ host, wrap }: EditorOptions): KeyBinding[] {
  return [
    { key: "ArrowUp", run: (view) => atEdge(view, -1) && host.onLeave(-1) },
    { key: "ArrowDown", run: (view) => atEdge(view, 1) && host.onLeave(1) },
    { key: "Mod-/", run: toggleComment },
    { key: "Shift-Tab", run: (view) => (host.complete && view.state.selection.main.empty && beforeWord(view) ? host.inspect(view) : indentLess(view)) },
    { key: "Tab", run: (view) => tab(view, host, wrap) },
    { key: "Mod-]", run: indentMore },
    { key: "Mod-[", run: indentLess },
  ];
}

function tab(view: EditorView, host: EditorHost, prose: boolean): boolean {
  if (completionStatus(view.state) === "active") return acceptCompletion(view);
  if (!prose && host.complete && view.state.selection.main.empty && beforeWord(view)) return startCompletion(view);
  if (view.state.selection.ranges.some((range) => !range.empty)) return indentMore(view);
  const column = view.state.selection.main.head - view.state.doc.lineAt(view.state.selection.main.head).from;
  view.dispatch(view.state.replaceSelection(" ".repeat(4 - (column % 4))));
  return true;
}

function beforeWord(view: EditorView): boolean {
  const { head } = view.state.selection.main;
  return head > 0 && /[\w.\])'"]/.test(view.state.sliceDoc(head - 1, head));
}

/** Whether the cursor stands on the first or last visual line. */
function atEdge(view: EditorView, direction: -1 | 1): boolean {
  if (completionStatus(view.state) === "active") return false;
  const { main } = view.state.selection;
  if (!main.empty) return false;
  const next = view.moveVertically(EditorSelection.cursor(main.head), direction > 0);
  return next.head === main.head || (direction < 0 ? view.coordsAtPos(main.head)?.top === view.coordsAtPos(0)?.top : view.coordsAtPos(main.head)?.top === view.coordsAtPos(view.state.doc.length)?.top);
}
