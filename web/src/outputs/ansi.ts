// Terminal text: colours as classes, everything else as text.
import { AnsiUp } from "ansi_up";

/** Turns text with ANSI colours into HTML that holds nothing but spans. */
export function ansiHtml(text: string): string {
  const ansi = new AnsiUp();
  ansi.use_classes = true;
  // Links that a program prints could lead anywhere under any name: shown as their text.
  ansi.url_allowlist = {};
  return readable(ansi.ansi_to_html(text));
}

/** Colours that a program names exactly were chosen for its own terminal: they are drawn towards this page's ink and paper. */
function readable(html: string): string {
  return html.replace(/style="([^"]*)"/g, (_, style: string) =>
    `style="${style.replace(/background-color:(rgb\([^)]*\))/g, "background-color:color-mix(in srgb,$1 18%,var(--paper))").replace(/(^|;)color:(rgb\([^)]*\))/g, "$1color:color-mix(in srgb,$2 36%,var(--ink))")}"`,
  );
}

/** Removes ANSI sequences. */
export function stripAnsi(text: string): string {
  return text.replace(/\u001b\[[0-9;:?]*[ -/]*[@-~]|\u001b\][^\u0007\u001b]*(\u0007|\u001b\\)/g, "");
}

export interface Excerpt { head: string; hidden: number; tail: string; lines: number }

/**
 * What of a long text is drawn: all of it up to the limits, else its first and last lines. Lines beyond width characters are cut in
 * the drawing alone.
 */
export function excerpt(text: string, lines: number, width = 20_000): Excerpt {
  const cut = (part: string) => (part.length <= width ? part : part.split("\n").map((line) => (line.length > width ? line.slice(0, width) + ` … ${line.length - width} more characters` : line)).join("\n"));
  let count = 1;
  for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", at + 1)) count++;
  if (count <= lines) return { head: cut(text), hidden: 0, tail: "", lines: count };
  const half = lines >> 1;
  let from = -1;
  for (let n = 0; n < half; n++) from = text.indexOf("\n", from + 1);
  let to = text.length;
  for (let n = 0; n < half; n++) to = text.lastIndexOf("\n", to - 1);
  return { head: cut(text.slice(0, from)), hidden: count - 2 * half, tail: cut(text.slice(to + 1)), lines: count };
}
