// Marks of the find bar inside an editor.
import { StateEffect, StateField } from "@codemirror/state";
import { Decoration, type DecorationSet, EditorView } from "@codemirror/view";

export interface Found { from: number; to: number; current: boolean }

/** Sets what is marked in one editor. */
export const setFound = StateEffect.define<Found[]>();

/** Draws the marks; they move with the text until the next search. */
export const searchMarks = StateField.define<DecorationSet>({
  create: () => Decoration.none,
  update(marks, transaction) {
    let next = marks.map(transaction.changes);
    for (const effect of transaction.effects) {
      if (effect.is(setFound)) {
        const size = transaction.state.doc.length;
        const list = effect.value.filter((f) => f.to <= size && f.from < f.to);
        next = Decoration.set(list.map((f) => Decoration.mark({ class: f.current ? "found found-current" : "found" }).range(f.from, f.to)), true);
      }
    }
    return next;
  },
  provide: (field) => EditorView.decorations.from(field),
});
