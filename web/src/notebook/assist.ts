// What the kernel knows: completions (Tab) and documentation (Shift-Tab).
import type { CompletionContext, CompletionResult } from "@codemirror/autocomplete";
import type { EditorView } from "@codemirror/view";
import { api } from "../api";
import { ansiHtml } from "../outputs/ansi";
import type { Notebook } from "./notebook";

/** Asks the kernel for completions; without one there are none. */
export async function complete(nb: Notebook, context: CompletionContext): Promise<CompletionResult | null> {
  if (!running(nb)) return null;
  try {
    const reply = await api.complete(nb.session.id, context.state.doc.toString(), context.pos);
    const matches = Array.isArray(reply.matches) ? (reply.matches as unknown[]).map(String) : [];
    const from = Number(reply.cursor_start ?? context.pos);
    const types = new Map<string, string>();
    const more = (reply.metadata as { _jupyter_types_experimental?: Array<{ text: string; type: string }> } | undefined)?._jupyter_types_experimental;
    for (const { text, type } of more ?? []) types.set(text, type);
    return matches.length ? { from: Math.min(from, context.pos), options: matches.map((label) => ({ label, detail: types.get(label) })) } : null;
  } catch {
    // No kernel, or one that does not answer: completion is a help, not a promise.
    return null;
  }
}

/** Shows what the kernel knows about the name at the cursor. */
export function inspect(nb: Notebook, view: EditorView): boolean {
  if (!running(nb)) return false;
  const at = view.state.selection.main.head;
  void api.inspect(nb.session.id, view.state.doc.toString(), at).then(
    (reply) => {
      const text = (reply.data as Record<string, string> | undefined)?.["text/plain"];
      const place = view.coordsAtPos(at);
      if (text && place) nb.tooltip.value = { html: ansiHtml(text.slice(0, 20_000)), left: place.left, top: place.bottom + 6 };
    },
    () => {},
  );
  return true;
}

function running(nb: Notebook): boolean {
  return ["idle", "busy"].includes(nb.session.kernel.peek()?.status ?? "none") && nb.session.link.peek() === "live";
}
