// Language modes, loaded when a notebook needs them.
import type { Extension } from "@codemirror/state";

const aliases: Record<string, string> = {
  python: "python", ipython: "python", python3: "python", sage: "python", xpython: "python",
  r: "r", ir: "r", julia: "julia", javascript: "javascript", js: "javascript", node: "javascript", typescript: "typescript", ts: "typescript", deno: "typescript",
  sql: "sql", sqlite: "sql", postgresql: "sql", mysql: "sql", markdown: "markdown", md: "markdown",
  go: "go", gonb: "go",
  bash: "shell", sh: "shell", shell: "shell", zsh: "shell", fish: "shell",
};

/** The name of the mode for a kernel's language, "" when there is none. */
export function modeOf(language: string): string {
  const name = language.toLowerCase().trim();
  return aliases[name] ?? aliases[name.replace(/[-_ ]?\d+(\.\d+)*$/, "")] ?? "";
}

/** The mode for a cell magic that switches languages in a Python notebook, such as %%bash. */
export function modeOfMagic(source: string): string {
  const magic = /^\s*%%(\w+)/.exec(source)?.[1]?.toLowerCase();
  if (!magic) return "";
  return { bash: "shell", sh: "shell", script: "shell", sql: "sql", r: "r", javascript: "javascript", js: "javascript", markdown: "markdown", julia: "julia" }[magic] ?? "";
}

const loaded = new Map<string, Promise<Extension>>();

/** Loads a mode; an unknown one is plain text, and so is one that cannot be had while the hub is away: who asks later tries again. */
export function mode(name: string): Promise<Extension> {
  let promise = loaded.get(name);
  if (!promise) {
    promise = load(name).catch(() => {
      loaded.delete(name);
      return [];
    });
    loaded.set(name, promise);
  }
  return promise;
}

async function legacy(part: Promise<unknown>): Promise<Extension> {
  const [{ StreamLanguage }, parser] = await Promise.all([import("@codemirror/language"), part]);
  return StreamLanguage.define(parser as Parameters<typeof StreamLanguage.define>[0]);
}

async function load(name: string): Promise<Extension> {
  switch (name) {
    case "python":
      return (await import("@codemirror/lang-python")).python();
    case "javascript":
      return (await import("@codemirror/lang-javascript")).javascript({ jsx: true });
    case "typescript":
      return (await import("@codemirror/lang-javascript")).javascript({ typescript: true, jsx: true });
    case "sql":
      return (await import("@codemirror/lang-sql")).sql();
    case "markdown":
      return (await import("@codemirror/lang-markdown")).markdown();
    case "r":
      return legacy(import("@codemirror/legacy-modes/mode/r").then((m) => m.r));
    case "julia":
      return legacy(import("@codemirror/legacy-modes/mode/julia").then((m) => m.julia));
    case "go":
      return legacy(import("@codemirror/legacy-modes/mode/go").then((m) => m.go));
    case "shell":
      return legacy(import("@codemirror/legacy-modes/mode/shell").then((m) => m.shell));
    default:
      return [];
  }
}

/** What a line comment starts with, for modes that do not say themselves. */
export function lineComment(name: string): string {
  return { sql: "--", javascript: "//", typescript: "//", go: "//" }[name] ?? "#";
}
