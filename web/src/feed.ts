// Server-sent events, followed until told otherwise; where they are not served, a slow poll stands in.
import { base } from "./base";

export interface HubEvent { type: string; room?: string; data: Record<string, unknown> }

const types = ["opened", "joined", "left", "edited", "path_changed", "saved", "save_failed", "state", "execution", "kernel", "prompt", "evicted", "listing", "reset", "deleted", "closed"];

/** Follows a feed. down() is told when the feed breaks, up() when it is (back) there. Returns how to stop. */
export function follow(path: string, on: (event: HubEvent) => void, up: () => void, down: () => void): () => void {
  let source: EventSource | null = null;
  let timer = 0;
  let wait = 1000;
  let ended = false;
  const handle = (message: MessageEvent) => {
    let data: Record<string, unknown> = {};
    try {
      data = JSON.parse(String(message.data)) as Record<string, unknown>;
    } catch {
      return;
    }
    on({ type: message.type, room: data.room as string | undefined, data });
  };
  const open = () => {
    source = new EventSource(base + path);
    source.onopen = () => {
      wait = 1000;
      up();
    };
    source.onmessage = handle;
    for (const type of types) source.addEventListener(type, handle as EventListener);
    source.onerror = () => {
      down();
      // The browser repeats by itself unless the answer was no event stream at all.
      if (source?.readyState !== EventSource.CLOSED || ended) return;
      timer = window.setTimeout(open, wait);
      wait = Math.min(wait * 2, 30000);
    };
  };
  open();
  return () => {
    ended = true;
    clearTimeout(timer);
    source?.close();
  };
}
