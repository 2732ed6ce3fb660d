// Markdown with LaTeX: formulas are set aside before Markdown sees them, and drawn by KaTeX after the HTML was made harmless.
import { Marked, type TokenizerAndRendererExtension } from "marked";
import type { Relative } from "./beside";
import { sanitiseInline } from "./sanitise";

const escapeHtml = (text: string) => text.replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`);

function formula(name: string, level: "inline" | "block", pattern: RegExp, start: RegExp): TokenizerAndRendererExtension {
  return {
    name,
    level,
    start: (src) => {
      const at = src.search(start);
      return at < 0 ? undefined : at;
    },
    tokenizer(src) {
      const hit = pattern.exec(src);
      if (!hit) return undefined;
      const display = level === "block" || hit[0].startsWith("$$") || hit[0].startsWith("\\[") || hit[0].startsWith("\\begin");
      return { type: name, raw: hit[0], text: hit[1] ?? hit[2] ?? hit[3] ?? hit[0].trim(), display };
    },
    renderer: (token) => {
      const tag = token.display ? "div" : "span";
      return `<${tag} class="math${token.display ? " math-display" : ""}">${escapeHtml(String(token.text))}</${tag}>`;
    },
  };
}

const marked = new Marked({ gfm: true, breaks: false });
marked.use({
  extensions: [
    formula("mathBlock", "block", /^(?:\$\$([\s\S]+?)\$\$|\\\[([\s\S]+?)\\\])[ \t]*(?:\n|$)|^(\\begin\{([a-zA-Z]+\*?)\}[\s\S]+?\\end\{\4\})[ \t]*(?:\n|$)/, /\$\$|\\\[|\\begin\{/),
    formula("mathInline", "inline", /^(?:\$\$([^$]+?)\$\$|\$((?:[^$`\\\n]|\\.|\n(?!\n))+?)\$(?!\d)|\\\((.+?)\\\))/, /\$|\\\(/),
  ],
  renderer: {
    heading({ tokens, depth }) {
      const html = this.parser.parseInline(tokens);
      return `<h${depth} id="${escapeHtml(slug(html.replace(/<[^>]*>/g, "")))}">${html}</h${depth}>\n`;
    },
  },
});

/** The anchor of a heading, as Jupyter makes it: its text with dashes. */
export function slug(text: string): string {
  return text.trim().replace(/\s+/g, "-");
}

/** Markdown as harmless HTML. attachments are images that the cell carries. */
export function markdownHtml(source: string, attachments: Record<string, unknown> | undefined, relative: Relative): string {
  const html = marked.parse(source, { async: false });
  const put = html.replace(/(<img[^>]*\ssrc=")attachment:([^"]+)(")/gi, (whole, before: string, name: string, after: string) => {
    const url = attachmentUrl(attachments, decode(name));
    return url ? before + url + after : whole;
  });
  return sanitiseInline(put, relative);
}

function attachmentUrl(attachments: Record<string, unknown> | undefined, name: string): string | null {
  const bundle = attachments?.[name];
  if (!bundle || typeof bundle !== "object") return null;
  for (const [mime, data] of Object.entries(bundle as Record<string, unknown>)) {
    if (/^image\/[a-z0-9.+-]+$/i.test(mime) && typeof data === "string" && /^[A-Za-z0-9+/=\s]*$/.test(data)) return `data:${mime};base64,${data.replace(/\s+/g, "")}`;
  }
  return null;
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

let katex: Promise<typeof import("katex").default | null> | null = null;

/** Draws the formulas inside an element; they show as their source until KaTeX is there, and when it cannot read them. */
export async function drawFormulas(root: ParentNode): Promise<void> {
  const places = [...root.querySelectorAll<HTMLElement>(".math:not([data-drawn])")];
  if (places.length === 0) return;
  katex ??= Promise.all([import("katex"), import("katex/dist/katex.css")]).then(([module]) => module.default, () => (katex = null));
  const drawing = await katex;
  if (!drawing) return;
  const { render } = drawing;
  const macros = {};
  for (const place of places) {
    const tex = place.textContent ?? "";
    place.dataset.drawn = "yes";
    try {
      render(tex, place, { displayMode: place.classList.contains("math-display"), throwOnError: false, trust: false, strict: "ignore", maxExpand: 500, maxSize: 50, macros, globalGroup: true });
    } catch {
      place.textContent = tex;
    }
  }
}
