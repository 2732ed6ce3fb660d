// HTML of outputs in a box of its own: a shadow root, so that its style sheets touch nothing else.
import { useContext, useLayoutEffect, useRef } from "preact/hooks";
import { Outputs } from "./context";
import sheetText from "./html.css?inline";
import { drawFences } from "./fences";
import { drawFormulas, markdownHtml } from "./markdown";
import { sanitiseBoxed } from "./sanitise";

let sheet: CSSStyleSheet | null = null;

function baseSheet(): CSSStyleSheet {
  if (!sheet) {
    sheet = new CSSStyleSheet();
    sheet.replaceSync(sheetText);
  }
  return sheet;
}

export function HtmlOutput({ html }: { html: string }) {
  const host = useRef<HTMLDivElement>(null);
  const relative = useContext(Outputs).relative.value;
  useLayoutEffect(() => {
    const root = host.current!.shadowRoot ?? host.current!.attachShadow({ mode: "open" });
    root.adoptedStyleSheets = [baseSheet()];
    root.innerHTML = sanitiseBoxed(html, relative);
    root.addEventListener("error", tellMissing, true);
  }, [html, relative]);
  return (
    <div class="html-box" tabIndex={0} role="group" aria-label="HTML output">
      <div ref={host} />
    </div>
  );
}

/** What is wider than its place scrolls, and what scrolls can be reached by the keyboard. */
function reachable(root: HTMLElement): void {
  for (const part of root.querySelectorAll<HTMLElement>("pre, table, .math-display")) {
    if (part.scrollWidth > part.clientWidth) part.tabIndex = 0;
    else part.removeAttribute("tabindex");
  }
}

/** An escaped name for a person, as it stands where it is escaped wrongly. */
function readable(name: string): string {
  try {
    return decodeURIComponent(name);
  } catch {
    return name;
  }
}

/** A picture that is not there says which one. */
function tellMissing(event: Event): void {
  const image = event.target as HTMLElement;
  if (!(image instanceof HTMLImageElement) || image.classList.contains("blocked")) return;
  const name = image.src.startsWith("data:") ? "" : readable(new URL(image.src).pathname.split("/").pop()!);
  image.classList.add("blocked");
  image.alt = `${image.alt} [no picture${name && ` at ${name}`}]`.trim();
}

/** Rendered Markdown, of cells and of outputs. */
export function Prose({ source, attachments, label }: { source: string; attachments?: Record<string, unknown>; label?: string }) {
  const host = useRef<HTMLDivElement>(null);
  const { relative: addresses, onAnchor } = useContext(Outputs);
  const relative = addresses.value;
  useLayoutEffect(() => {
    const element = host.current!;
    element.innerHTML = markdownHtml(source, attachments, relative);
    void drawFormulas(element).then(() => reachable(element));
    void drawFences(element);
    const watch = new ResizeObserver(() => reachable(element));
    watch.observe(element);
    return () => watch.disconnect();
  }, [source, attachments, relative]);
  return (
    <div
      ref={host}
      class="prose"
      aria-label={label}
      onErrorCapture={tellMissing}
      onClick={(event) => {
        const href = (event.target as Element).closest?.("a")?.getAttribute("href");
        if (!href?.startsWith("#")) return;
        event.preventDefault();
        onAnchor(decodeURIComponent(href.slice(1)));
      }}
    />
  );
}

export function LatexOutput({ source }: { source: string }) {
  const host = useRef<HTMLDivElement>(null);
  const display = /^\s*(\$\$|\\\[|\\begin)/.test(source) || /\\displaystyle/.test(source);
  const tex = source.trim().replace(/^(\$\$|\\\[)([\s\S]*)(\$\$|\\\])$/, "$2").replace(/^\$([\s\S]*)\$$/, "$1");
  useLayoutEffect(() => {
    const place = document.createElement("span");
    place.className = `math${display ? " math-display" : ""}`;
    place.textContent = tex;
    host.current!.replaceChildren(place);
    void drawFormulas(host.current!);
  }, [tex]);
  return <div class="prose latex" ref={host} />;
}
