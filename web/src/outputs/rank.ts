// Which of an output's forms is shown: one table, best first.

export type Kind = "frame" | "html" | "markdown" | "latex" | "svg" | "image" | "json" | "script" | "text" | "widget" | "nothing";
export interface Choice { kind: Kind; mime: string }
export type Bundle = Record<string, unknown>;

const table: Array<[RegExp, Kind]> = [
  [/^text\/html$/, "html"],
  [/^text\/markdown$/, "markdown"],
  [/^(text|application)\/(x-)?latex$/, "latex"],
  [/^image\/svg\+xml$/, "svg"],
  [/^image\/(png|jpe?g|gif|webp|avif|bmp)$/, "image"],
  [/^application\/(geo\+)?json$/, "json"],
  [/^(application|text)\/javascript$/, "script"],
  [/^text\/plain$/, "text"],
  [/^text\/.+$/, "text"],
  [/^application\/(.+\+)?json$/, "json"],
];

const widget = "application/vnd.jupyter.widget-view+json";

/** Joins what nbformat may split into lines. */
export function joined(value: unknown): string {
  if (Array.isArray(value)) return value.join("");
  return typeof value === "string" ? value : value === undefined || value === null ? "" : JSON.stringify(value, null, 2);
}

/** Whether HTML does nothing without its scripts, so that it belongs into a frame of its own. */
export function needsScripts(html: string): boolean {
  return /<script[\s>]/i.test(html) || /<iframe[\s>]/i.test(html);
}

/** Chooses the form to show of a MIME bundle. */
export function choose(data: Bundle): Choice {
  const mimes = Object.keys(data);
  if (mimes.includes(widget)) return { kind: "widget", mime: widget };
  for (const [pattern, kind] of table) {
    const mime = mimes.find((name) => pattern.test(name));
    if (!mime) continue;
    if (kind === "html") return { kind: needsScripts(joined(data[mime])) || runsBeside(data) ? "frame" : "html", mime };
    // A library's loader comes with nothing but a script; what it says in text is no use to anybody.
    return { kind, mime };
  }
  return { kind: "nothing", mime: mimes[0] ?? "" };
}

/** Bokeh and others put the markup into text/html and the script that fills it beside it. */
function runsBeside(data: Bundle): boolean {
  return Object.keys(data).some((mime) => /^application\/(javascript|vnd\.bokehjs_exec)/.test(mime)) && "text/html" in data;
}

/** The whole HTML of an output that runs scripts: its markup, then the script beside it. */
export function frameHtml(data: Bundle): string {
  const html = joined(data["text/html"]);
  const script = joined(data["application/javascript"] ?? data["text/javascript"]);
  return script ? `${html}<script>${script.replace(/<\/script/gi, "<\\/script")}</script>` : html;
}

/** The size that a PNG says it has, read from its first bytes; a box of that size keeps the page from jumping. */
export function pngSize(base64: string): { width: number; height: number } | null {
  try {
    const head = atob(base64.replace(/\s+/g, "").slice(0, 44));
    if (head.slice(1, 4) !== "PNG" || head.slice(12, 16) !== "IHDR") return null;
    const at = (i: number) => ((head.charCodeAt(i) << 24) | (head.charCodeAt(i + 1) << 16) | (head.charCodeAt(i + 2) << 8) | head.charCodeAt(i + 3)) >>> 0;
    return { width: at(16), height: at(20) };
  } catch {
    return null;
  }
}

/** What stands in the document for a payload that lies beside it. stub: its text/plain was put there only to be shown. */
export interface Reference { sha256?: string; size?: number; json?: boolean; stub?: boolean }

/** What an output would hold were nothing kept beside the document: for choosing the form that is shown. */
export function wholeBundle(data: Bundle, references: Record<string, Reference>): Bundle {
  const whole: Bundle = { ...data };
  for (const [mime, { sha256, stub }] of Object.entries(references)) {
    if (stub && !sha256) delete whole[mime];
    else whole[mime] = "";
  }
  return whole;
}
