// Text with ANSI colours. Long text is folded to its ends, so that no output freezes the page.
import { useMemo, useState } from "preact/hooks";
import { ansiHtml, excerpt, stripAnsi } from "./ansi";

const steps = [400, 4000, 20_000];

/** tone is a class for standard error and tracebacks. */
export function TextOutput({ text, tone, label }: { text: string; tone?: string; label: string }) {
  const [step, setStep] = useState(0);
  const part = useMemo(() => excerpt(text, steps[step]!), [text, step]);
  const head = useMemo(() => ansiHtml(part.head), [part.head]);
  const tail = useMemo(() => (part.tail ? ansiHtml(part.tail) : ""), [part.tail]);
  const box = `text ${tone ?? ""}`;
  if (part.hidden === 0) return <pre class={box} tabIndex={0} role="group" aria-label={label} dangerouslySetInnerHTML={{ __html: head }} />;
  return (
    <div class={box} tabIndex={0} role="group" aria-label={label}>
      <pre dangerouslySetInnerHTML={{ __html: head }} />
      <p class="folded">
        <span>{part.hidden.toLocaleString()} of {part.lines.toLocaleString()} lines not shown</span>
        {step < steps.length - 1 && <button type="button" class="link" onClick={() => setStep(step + 1)}>Show more</button>}
        <button type="button" class="link" onClick={() => openText(text)}>Open all as text</button>
      </p>
      <pre dangerouslySetInnerHTML={{ __html: tail }} />
    </div>
  );
}

/** Opens a text of any length in a tab of its own, where the browser draws it as a plain file. */
function openText(text: string): void {
  const url = URL.createObjectURL(new Blob([stripAnsi(text)], { type: "text/plain;charset=utf-8" }));
  window.open(url, "_blank", "noopener");
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}
