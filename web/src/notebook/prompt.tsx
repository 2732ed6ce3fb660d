// input() of a running cell: anybody in the notebook can answer.
import { useComputed } from "@preact/signals";
import { useEffect, useRef, useState } from "preact/hooks";
import type { Cell } from "../doc/model";
import type { Notebook } from "./notebook";

export function PromptForm({ nb, cell }: { nb: Notebook; cell: Cell }) {
  const prompt = useComputed(() => (nb.session.prompt.value?.cell === cell.id ? nb.session.prompt.value : null)).value;
  const [value, setValue] = useState("");
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => {
    // The person who works in this cell is the likely one to answer; the others are not interrupted.
    if (prompt && nb.active.peek() === cell.id) input.current?.focus();
    setValue("");
  }, [prompt?.execution]);
  if (!prompt) return null;
  return (
    <form
      class="prompt"
      onSubmit={(event) => {
        event.preventDefault();
        void nb.answer(prompt.execution, value);
        setValue("");
      }}
      onKeyDown={(event) => {
        if (event.key === "Escape") nb.command();
        event.stopPropagation();
      }}
    >
      <label>
        <span class="prompt-text">{prompt.prompt || "The cell asks for input"}</span>
        <input ref={input} type={(prompt.password ? "password" : "text") as "text"} value={value} autocomplete="off" spellcheck={false} disabled={nb.readOnly} onInput={(event) => setValue(event.currentTarget.value)} />
      </label>
      <button type="submit" class="primary small" disabled={nb.readOnly}>Answer</button>
    </form>
  );
}
