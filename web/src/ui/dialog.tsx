// Dialogs that ask one thing. One is open at a time; each resolves with the answer, or null when it was dismissed.
import { signal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useLayoutEffect, useRef, useState } from "preact/hooks";

interface Open { title: string; wide: boolean; body: (done: (answer: unknown) => void) => ComponentChildren; done: (answer: unknown) => void }

const current = signal<Open | null>(null);

/** Opens a dialog. body draws it and calls done with the answer. */
export function ask<T>(title: string, body: (done: (answer: T | null) => void) => ComponentChildren, wide = false): Promise<T | null> {
  current.peek()?.done(null);
  return new Promise((resolve) => {
    const done = (answer: unknown) => {
      current.value = null;
      resolve(answer as T | null);
    };
    current.value = { title, wide, body: body as Open["body"], done };
  });
}

/** Asks for a line of text, with a check that gives a reason why it will not do. */
export function askText(title: string, options: { label: string; value?: string; action: string; note?: string; check?: (value: string) => string; password?: boolean }): Promise<string | null> {
  return ask<string>(title, (done) => <TextForm {...options} done={done} />);
}

/** Asks whether to go on. */
export async function confirm(title: string, text: string, action: string, danger = false): Promise<boolean> {
  const answer = await ask<boolean>(title, (done) => (
    <>
      <p>{text}</p>
      <div class="dialog-actions">
        <button type="button" onClick={() => done(null)}>Cancel</button>
        <button type="button" class={danger ? "primary danger" : "primary"} autofocus onClick={() => done(true)}>{action}</button>
      </div>
    </>
  ));
  return answer === true;
}

function TextForm({ label, value = "", action, note, check, password, done }: Parameters<typeof askText>[1] & { done: (answer: string | null) => void }) {
  const [text, setText] = useState(value);
  const input = useRef<HTMLInputElement>(null);
  const trouble = check?.(text) ?? "";
  useLayoutEffect(() => {
    const name = value.lastIndexOf("/") + 1;
    const dot = value.lastIndexOf(".");
    input.current?.focus();
    input.current?.setSelectionRange(name, dot > name ? dot : value.length);
  }, []);
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        if (!trouble) done(text);
      }}
    >
      <label class="field">
        <span>{label}</span>
        <input ref={input} type={(password ? "password" : "text") as "text"} value={text} spellcheck={false} autocomplete="off" aria-describedby="dialog-note" onInput={(event) => setText(event.currentTarget.value)} />
      </label>
      <p id="dialog-note" class={trouble && text !== value ? "note bad" : "note"}>{(text !== value && trouble) || note || "\u00a0"}</p>
      <div class="dialog-actions">
        <button type="button" onClick={() => done(null)}>Cancel</button>
        <button type="submit" class="primary" disabled={trouble !== ""}>{action}</button>
      </div>
    </form>
  );
}

/** The place where dialogs appear; once per page. */
export function Dialogs() {
  const open = current.value;
  const element = useRef<HTMLDialogElement>(null);
  const before = useRef<HTMLElement | null>(null);
  useLayoutEffect(() => {
    const dialog = element.current;
    if (!open || !dialog) return;
    before.current = document.activeElement as HTMLElement | null;
    if (!dialog.open) dialog.showModal();
    return () => {
      const target = before.current;
      if (target?.isConnected) target.focus({ preventScroll: true });
    };
  }, [open]);
  if (!open) return null;
  return (
    <dialog
      ref={element}
      class={open.wide ? "dialog wide" : "dialog"}
      aria-labelledby="dialog-title"
      onCancel={(event) => {
        event.preventDefault();
        open.done(null);
      }}
      onClick={(event) => {
        if (event.target === event.currentTarget) open.done(null);
      }}
      onKeyDown={(event) => event.stopPropagation()}
    >
      <div class="dialog-body">
        <h2 id="dialog-title">{open.title}</h2>
        {open.body(open.done)}
      </div>
    </dialog>
  );
}
