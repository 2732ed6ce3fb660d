// Code in Markdown, coloured like the code of cells.
import type { Language } from "@codemirror/language";
import type { Extension } from "@codemirror/state";
import { classHighlighter, highlightCode } from "@lezer/highlight";
import { mode, modeOf } from "../notebook/languages";

type Parser = Language["parser"];

/** Beyond this many characters a block stays as it is. */
const most = 20_000;

/** Colours the blocks that say their language. */
export async function drawFences(root: ParentNode): Promise<void> {
  for (const code of root.querySelectorAll<HTMLElement>("pre > code[class*=language-]")) {
    const name = modeOf(/language-(\S+)/.exec(code.className)?.[1] ?? "");
    const text = code.textContent ?? "";
    if (!name || text.length > most) continue;
    const parser = parserOf(await mode(name));
    // The cell may have been drawn anew in the meantime.
    if (parser && code.isConnected && code.textContent === text) code.replaceChildren(...coloured(text, parser));
  }
}

function parserOf(extension: Extension): Parser | null {
  const { language, parser } = extension as { language?: { parser: Parser }; parser?: Parser };
  return language?.parser ?? parser ?? null;
}

function coloured(text: string, parser: Parser): Node[] {
  const parts: Node[] = [];
  const put = (piece: string, classes: string) => {
    if (!classes) return void parts.push(document.createTextNode(piece));
    const span = document.createElement("span");
    span.className = classes;
    span.textContent = piece;
    parts.push(span);
  };
  highlightCode(text, parser.parse(text), classHighlighter, put, () => put("\n", ""));
  return parts;
}
