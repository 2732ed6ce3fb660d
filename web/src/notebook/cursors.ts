// Other people's cursors and selections inside one editor, in the form that Jupyter's clients send and read:
// awareness field "cursors", a list of {anchor, head, primary, empty} with Yjs relative positions.
import { type Extension, RangeSet, type Range } from "@codemirror/state";
import { Decoration, type DecorationSet, EditorView, ViewPlugin, type ViewUpdate, WidgetType } from "@codemirror/view";
import type { Awareness } from "y-protocols/awareness";
import * as Y from "yjs";
import { safeColor } from "../identity";

interface JupyterCursor { anchor: unknown; head: unknown; primary?: boolean; empty?: boolean }

class Caret extends WidgetType {
  constructor(readonly color: string, readonly name: string) {
    super();
  }
  override eq(other: Caret): boolean {
    return other.color === this.color && other.name === this.name;
  }
  override toDOM(): HTMLElement {
    const caret = document.createElement("span");
    caret.className = "caret";
    caret.setAttribute("aria-hidden", "true");
    caret.style.setProperty("--who", this.color);
    caret.append("\u2060");
    const flag = document.createElement("span");
    flag.className = "caret-flag";
    flag.textContent = this.name;
    caret.append(flag);
    return caret;
  }
  override get estimatedHeight(): number {
    return -1;
  }
  override ignoreEvent(): boolean {
    return true;
  }
}

/** Publishes this editor's selection while it has the focus, and draws the others'. */
export function cursors(text: Y.Text, awareness: Awareness): Extension {
  return ViewPlugin.fromClass(
    class {
      decorations: DecorationSet = RangeSet.empty;
      private frame = 0;
      private drawn = "";
      private readonly listen = ({ added, updated, removed }: { added: number[]; updated: number[]; removed: number[] }) => {
        const mine = text.doc?.clientID;
        if ([...added, ...updated, ...removed].some((client) => client !== mine)) this.later();
      };

      constructor(private readonly view: EditorView) {
        awareness.on("change", this.listen);
        this.decorations = this.draw();
      }

      update(update: ViewUpdate): void {
        if (update.selectionSet || update.focusChanged || update.docChanged) this.publish(update);
        if (update.docChanged) this.decorations = this.decorations.map(update.changes);
        if (update.docChanged) this.later();
      }

      destroy(): void {
        awareness.off("change", this.listen);
        cancelAnimationFrame(this.frame);
        this.drawn = "gone";
      }

      private publish(update: ViewUpdate): void {
        if (!update.view.hasFocus) return;
        const { ranges, mainIndex } = update.state.selection;
        const list: JupyterCursor[] = ranges.map((range, i) => ({
          anchor: Y.relativePositionToJSON(Y.createRelativePositionFromTypeIndex(text, Math.min(range.anchor, text.length))),
          head: Y.relativePositionToJSON(Y.createRelativePositionFromTypeIndex(text, Math.min(range.head, text.length))),
          primary: i === mainIndex, empty: range.empty,
        }));
        // After the transaction: the document has the typed text only then.
        queueMicrotask(() => {
          if (JSON.stringify(awareness.getLocalState()?.cursors) !== JSON.stringify(list)) awareness.setLocalStateField("cursors", list);
        });
      }

      private later(): void {
        if (this.frame) return;
        this.frame = requestAnimationFrame(() => {
          this.frame = 0;
          if (this.drawn === "gone") return;
          const next = this.draw();
          if (!RangeSet.eq([next], [this.decorations])) {
            this.decorations = next;
            this.view.dispatch({});
          }
        });
      }

      private draw(): DecorationSet {
        const ranges: Range<Decoration>[] = [];
        const size = this.view.state.doc.length;
        for (const [client, state] of awareness.getStates()) {
          if (client === text.doc?.clientID) continue;
          const { user, cursors: list } = state as { user?: Record<string, unknown>; cursors?: JupyterCursor[] };
          if (!user || !Array.isArray(list)) continue;
          const name = String(user.display_name || user.name || "Somebody").slice(0, 40);
          const color = safeColor(user.color, String(user.username ?? name));
          for (const cursor of list.slice(0, 100)) ranges.push(...this.mark(cursor, name, color, size));
        }
        return Decoration.set(ranges, true);
      }

      private mark(cursor: JupyterCursor, name: string, color: string, size: number): Range<Decoration>[] {
        const anchor = resolve(cursor.anchor, text);
        const head = resolve(cursor.head, text);
        if (anchor === null || head === null || anchor > size || head > size) return [];
        const marks: Range<Decoration>[] = [];
        if (anchor !== head) {
          const style = `background-color: color-mix(in srgb, ${color} 16%, transparent)`;
          marks.push(Decoration.mark({ class: "peer-selection", attributes: { style } }).range(Math.min(anchor, head), Math.max(anchor, head)));
        }
        marks.push(Decoration.widget({ widget: new Caret(color, name), side: head > anchor ? -1 : 1 }).range(head));
        return marks;
      }
    },
    { decorations: (plugin) => plugin.decorations },
  );
}


function resolve(json: unknown, text: Y.Text): number | null {
  try {
    const position = Y.createAbsolutePositionFromRelativePosition(Y.createRelativePositionFromJSON(json), text.doc!);
    return position && position.type === text ? position.index : null;
  } catch {
    // Somebody's awareness is their word; a position that is none shows no cursor.
    return null;
  }
}
