// Find and replace over all cells: pure functions on text.

export interface Query { text: string; regex: boolean; matchCase: boolean; wholeWord: boolean }
export interface Match { cell: string; from: number; to: number }

/** Compiles a query; a pattern that cannot be one gives the reason instead. */
export function compile(query: Query): RegExp | { error: string } | null {
  if (query.text === "") return null;
  let pattern = query.regex ? query.text : query.text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
  if (query.wholeWord) pattern = `(?<![\\p{L}\\p{N}_])(?:${pattern})(?![\\p{L}\\p{N}_])`;
  try {
    return new RegExp(pattern, `gum${query.matchCase ? "" : "i"}`);
  } catch (error) {
    return { error: error instanceof Error ? error.message : String(error) };
  }
}

/** All matches in one text, at most limit. Empty matches are passed over. */
export function matchesIn(pattern: RegExp, text: string, limit = 10_000): Array<{ from: number; to: number; groups: RegExpExecArray }> {
  const found: Array<{ from: number; to: number; groups: RegExpExecArray }> = [];
  pattern.lastIndex = 0;
  for (let hit = pattern.exec(text); hit && found.length < limit; hit = pattern.exec(text)) {
    if (hit[0] === "") {
      pattern.lastIndex += 1;
      continue;
    }
    found.push({ from: hit.index, to: hit.index + hit[0].length, groups: hit });
  }
  return found;
}

/** What a match is replaced by: the text as it is, or with $1, $<name> and $& of a regular expression. */
export function replacement(hit: RegExpExecArray, template: string, regex: boolean): string {
  if (!regex) return template;
  return template.replace(/\$(\$|&|\d{1,2}|<([^>]+)>)|\\n|\\t/g, (whole, kind?: string, name?: string) => {
    if (whole === "\\n") return "\n";
    if (whole === "\\t") return "\t";
    if (kind === "$") return "$";
    if (kind === "&") return hit[0];
    if (name !== undefined) return hit.groups?.[name] ?? "";
    return hit[Number(kind)] ?? "";
  });
}
