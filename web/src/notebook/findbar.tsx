// Find and replace over all cells.
import { effect, useSignal } from "@preact/signals";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { spliceSource } from "../doc/edits";
import { compile, type Match, matchesIn, type Query, replacement } from "../doc/find";
import { setFound } from "./searchmarks";
import type { Notebook } from "./notebook";

let last: Query = { text: "", regex: false, matchCase: false, wholeWord: false };

export function FindBar({ nb }: { nb: Notebook }) {
  const [query, setQuery] = useState(last);
  const [put, setPut] = useState("");
  const [at, setAt] = useState(0);
  const tick = useSignal(0);
  const input = useRef<HTMLInputElement>(null);
  const replacing = nb.finding.value === "replace";
  last = query;

  // Before the next key arrives.
  useLayoutEffect(() => {
    input.current?.focus();
    input.current?.select();
  }, []);
  useEffect(() => {
    let timer = 0;
    const stop = effect(() => {
      for (const cell of nb.cells.list.value) cell.sourceTick.value;
      clearTimeout(timer);
      timer = window.setTimeout(() => tick.value++, 80);
    });
    return () => {
      stop();
      clearTimeout(timer);
      for (const editor of nb.editors.values()) editor.view.dispatch({ effects: setFound.of([]) });
    };
  }, []);

  tick.value;
  const pattern = compile(query);
  const trouble = pattern && "error" in pattern ? pattern.error : "";
  const matches: Match[] = pattern && !("error" in pattern)
    ? nb.cells.list.value.flatMap((cell) => matchesIn(pattern, cell.text).map(({ from, to }) => ({ cell: cell.id, from, to })))
    : [];
  const current = matches.length ? ((at % matches.length) + matches.length) % matches.length : -1;

  useEffect(() => mark(nb, matches, current), [tick.value, JSON.stringify(query), current]);

  const go = (by: number) => {
    if (matches.length === 0) return;
    const next = (current + by + matches.length) % matches.length;
    setAt(next);
    show(nb, matches[next]!);
  };
  const replaceOne = () => {
    const match = matches[current];
    const cell = match && nb.cells.get(match.cell);
    if (!match || !cell || !pattern || "error" in pattern || nb.readOnly) return;
    const hit = matchesIn(pattern, cell.text).find((one) => one.from === match.from);
    if (hit) nb.history.step(() => spliceSource(cell.source, [{ from: hit.from, to: hit.to, insert: replacement(hit.groups, put, query.regex) }]));
    tick.value++;
  };
  const replaceAll = () => {
    if (!pattern || "error" in pattern || nb.readOnly) return;
    nb.history.step(() => {
      for (const cell of nb.cells.list.peek()) {
        const edits = matchesIn(pattern, cell.text).map((hit) => ({ from: hit.from, to: hit.to, insert: replacement(hit.groups, put, query.regex) }));
        if (edits.length) spliceSource(cell.source, edits);
      }
    });
    tick.value++;
  };
  const toggle = (key: "regex" | "matchCase" | "wholeWord", text: string, title: string) => (
    <button type="button" class="toggle" aria-pressed={query[key]} title={title} aria-label={title} data-text={text} onClick={() => setQuery({ ...query, [key]: !query[key] })} />
  );
  return (
    <div
      class="findbar"
      role="search"
      aria-label="Find and replace"
      onKeyDown={(event) => {
        event.stopPropagation();
        if (event.key === "Escape") {
          nb.finding.value = false;
          nb.focusCell(nb.active.peek(), false);
        }
        if (event.key === "Enter" && event.target === input.current) {
          event.preventDefault();
          go(event.shiftKey ? -1 : 1);
        }
      }}
    >
      <div class="find-row">
        <button type="button" class="quiet" aria-expanded={replacing} aria-label={replacing ? "Hide replace" : "Show replace"} onClick={() => (nb.finding.value = replacing ? "find" : "replace")}><span class={replacing ? "twist open" : "twist"} aria-hidden="true" /></button>
        <input ref={input} type="text" aria-label="Find" placeholder="Find" value={query.text} aria-invalid={trouble !== ""} onInput={(event) => { setQuery({ ...query, text: event.currentTarget.value }); setAt(0); }} />
        {toggle("matchCase", "Aa", "Match case")}
        {toggle("wholeWord", "\u201cab\u201d", "Whole words")}
        {toggle("regex", ".*", "Regular expression")}
        <span class="find-count" role="status">{trouble ? "No pattern" : query.text === "" ? "" : matches.length === 0 ? "None" : `${current + 1} of ${matches.length}`}</span>
        <button type="button" class="quiet" aria-label="Previous" onClick={() => go(-1)}>↑</button>
        <button type="button" class="quiet" aria-label="Next" onClick={() => go(1)}>↓</button>
        <button type="button" class="quiet" aria-label="Close" onClick={() => { nb.finding.value = false; nb.focusCell(nb.active.peek(), false); }}>×</button>
      </div>
      {replacing && (
        <div class="find-row">
          <span class="find-indent" />
          <input type="text" aria-label="Replace by" placeholder="Replace by" value={put} onInput={(event) => setPut(event.currentTarget.value)} onKeyDown={(event) => { if (event.key === "Enter") replaceOne(); }} />
          <button type="button" class="small" disabled={current < 0 || nb.readOnly} onClick={replaceOne}>Replace</button>
          <button type="button" class="small" disabled={current < 0 || nb.readOnly} onClick={replaceAll}>All</button>
        </div>
      )}
    </div>
  );
}

function mark(nb: Notebook, matches: Match[], current: number): void {
  for (const cell of nb.cells.list.peek()) {
    const editor = nb.editors.get(cell.key);
    if (!editor) continue;
    const own = matches.map((match, i) => ({ ...match, current: i === current })).filter((match) => match.cell === cell.id);
    editor.view.dispatch({ effects: setFound.of(own) });
  }
}

function show(nb: Notebook, match: Match): void {
  const cell = nb.cells.get(match.cell);
  if (!cell) return;
  if (cell.type.peek() === "markdown") cell.rendered.value = false;
  nb.select(match.cell, { focus: false });
  document.getElementById(`cell-${cell.id}`)?.scrollIntoView({ block: "center" });
  requestAnimationFrame(() => nb.editors.get(cell.key)?.view.dispatch({ selection: { anchor: match.from, head: match.to }, scrollIntoView: true }));
}
