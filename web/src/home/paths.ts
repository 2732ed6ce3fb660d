// Paths of notebooks as people type them.

/** Says why a path will not do, "" when it will. */
export function checkPath(path: string): string {
  const text = path.trim();
  if (text === "" || text.endsWith("/") || /(^|\/)\.ipynb$/.test(text)) return "A name is needed.";
  if (text.startsWith("/")) return "The path begins inside the notebooks folder, without a slash.";
  const parts = text.split("/");
  if (parts.some((part) => part === "" || part === "." || part === "..")) return "The path must stay inside the notebooks folder.";
  if (parts.some((part) => part.startsWith("."))) return "Names that begin with a dot are hidden and not served.";
  if (/[\u0000-\u001f]/.test(text)) return "There is a control character in the name.";
  if (parts.some((part) => new TextEncoder().encode(part).length > 255)) return "The name is too long.";
  return "";
}

/** Adds .ipynb when it is missing. */
export function withSuffix(path: string): string {
  const text = path.trim();
  return text.endsWith(".ipynb") ? text : text + ".ipynb";
}

/** The last part of a path. */
export function nameOf(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

/** The folder of a path, "" for the root. */
export function dirOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf("/")));
}

/** A path inside a folder. */
export function within(dir: string, name: string): string {
  return dir ? `${dir}/${name}` : name;
}
