// Short notices at the edge of the page, also read out by screen readers. They lie over the page and move nothing.
import { signal } from "@preact/signals";

interface Notice { id: number; text: string; tone: "plain" | "bad"; action?: { label: string; act: () => void } }

const notices = signal<Notice[]>([]);
let next = 1;

/** Shows a notice for some seconds; failures stay longer. */
export function tell(text: string, tone: "plain" | "bad" = "plain", action?: Notice["action"]): void {
  const id = next++;
  notices.value = [...notices.peek().filter((notice) => notice.text !== text).slice(-3), { id, text, tone, action }];
  setTimeout(() => dismiss(id), action ? 12_000 : tone === "bad" ? 9000 : 4000);
}

/** Shows why something did not work. */
export function complain(what: string, error: unknown): void {
  const detail = error instanceof Error ? error.message : String(error);
  tell(`${what}: ${detail}`, "bad");
}

function dismiss(id: number): void {
  notices.value = notices.peek().filter((notice) => notice.id !== id);
}

export function Notices() {
  return (
    <div class="notices" role="status" aria-live="polite">
      {notices.value.map((notice) => (
        <div key={notice.id} class={`notice ${notice.tone}`}>
          <span>{notice.text}</span>
          {notice.action && (
            <button type="button" class="link" onClick={() => { notice.action!.act(); dismiss(notice.id); }}>{notice.action.label}</button>
          )}
          <button type="button" class="quiet" aria-label="Dismiss" onClick={() => dismiss(notice.id)}>×</button>
        </div>
      ))}
    </div>
  );
}
