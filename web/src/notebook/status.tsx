// The one place that says how the notebook stands, with what can be done about it.
import { useEffect, useRef, useState } from "preact/hooks";
import type { Action } from "../room/saving";
import { act } from "./files";
import type { Notebook } from "./notebook";

const labels: Record<Action, string> = {
  "save": "Save now", "retry": "Try again", "save-as": "Save as…", "overwrite": "Replace the file", "recreate": "Write the file again", "keep-room": "Keep mine",
  "take-disk": "Take the disk’s", "show-difference": "Show the difference", "reload": "Reload", "reconnect": "Connect now", "download": "Download a copy", "token": "Enter the token", "home": "All notebooks",
};

export function SavingState({ nb }: { nb: Notebook }) {
  const now = nb.session.standing.value;
  const [open, setOpen] = useState(false);
  const box = useRef<HTMLDivElement>(null);
  // A trouble that needs a decision shows itself once; after that it is a person's to open.
  useEffect(() => {
    if (["conflict", "missing", "degraded", "failed", "ended"].includes(now.kind)) setOpen(true);
    else if (now.kind === "saved") setOpen(false);
  }, [now.kind]);
  useEffect(() => {
    if (!open) return;
    const away = (event: PointerEvent) => {
      if (!box.current?.contains(event.target as Node) && !(event.target as Element).closest?.("dialog")) setOpen(false);
    };
    document.addEventListener("pointerdown", away);
    return () => document.removeEventListener("pointerdown", away);
  }, [open]);
  return (
    <div
      class="saving"
      ref={box}
      onKeyDown={(event) => {
        if (event.key === "Escape" && open) {
          event.stopPropagation();
          setOpen(false);
        }
      }}
    >
      <button type="button" class={`state tone-${now.tone} kind-${now.kind}`} aria-expanded={open} aria-controls="saving-panel" onClick={() => setOpen(!open)} data-kind={now.kind}>
        <span class="dot" aria-hidden="true" />
        <span class="state-label">{now.label}</span>
      </button>
      <span class="visually-hidden" role="status">{now.label}</span>
      <div id="saving-panel" class={`saving-panel tone-${now.tone}`} hidden={!open} role="region" aria-label="Saving">
        <p>{now.detail}</p>
        {now.actions.length > 0 && (
          <div class="saving-actions">
            {now.actions.map((action, i) => (
              <button key={action} type="button" class={i === 0 ? "primary small" : "small"} onClick={() => {
                setOpen(false);
                void act(nb, action);
              }}>{labels[action]}</button>
            ))}
          </div>
        )}
      </div>
    </div>
  );
}
