// Who else is here, where they are, and when they come and go.
import { type Signal, signal } from "@preact/signals";
import { colorOf, initials, me, safeColor } from "../identity";
import type { Session } from "./session";

export interface Someone {
  client: number;
  name: string;
  initials: string;
  color: string;
  /** The cell they are in, "" when unknown. */
  cell: string;
  editing: boolean;
}

export class Presence {
  readonly others: Signal<Someone[]> = signal([]);
  /** Told when a person comes or goes, not at the page's own arrival. */
  onChange: (name: string, what: "joined" | "left") => void = () => {};
  private known = new Map<number, string>();
  private gone = new Map<number, number>();

  constructor(private readonly session: Session) {
    this.introduce();
    session.awareness.on("change", () => this.read());
    session.provider.on("sync", () => this.read());
    this.read();
    // A page that goes says so; without a word the others would see it for as long as a lost connection.
    window.addEventListener("pagehide", this.leave);
    window.addEventListener("pageshow", this.back);
  }

  destroy(): void {
    window.removeEventListener("pagehide", this.leave);
    window.removeEventListener("pageshow", this.back);
  }

  private readonly leave = () => this.session.awareness.setLocalState(null);
  private readonly back = (event: PageTransitionEvent) => {
    if (event.persisted) this.introduce();
  };

  /** Tells the others who this is. */
  introduce(): void {
    const { id, name, color } = me.value;
    if (this.session.awareness.getLocalState() === null) this.session.awareness.setLocalState({});
    this.session.awareness.setLocalStateField("user", { username: id, name, display_name: name, initials: initials(name), color });
    this.session.awareness.setLocalStateField("autosave", true);
  }

  /** Tells the others where this page is. */
  at(cell: string, editing: boolean): void {
    const now = this.session.awareness.getLocalState()?.at as { cell: string; editing: boolean } | undefined;
    if (now?.cell !== cell || now.editing !== editing) this.session.awareness.setLocalStateField("at", { cell, editing });
  }

  private read(): void {
    const list: Someone[] = [];
    for (const [client, state] of this.session.awareness.getStates()) {
      if (client === this.session.doc.clientID) continue;
      const someone = someoneOf(client, state as Record<string, unknown>);
      if (someone) list.push(someone);
    }
    list.sort((a, b) => a.name.localeCompare(b.name) || a.client - b.client);
    if (JSON.stringify(list) !== JSON.stringify(this.others.peek())) this.others.value = list;
    this.announce(list);
  }

  /** A page that reloads or reconnects is no news: a leave counts only after some seconds. */
  private announce(list: Someone[]): void {
    const live = this.session.link.peek() === "live";
    const here = new Map(list.map((s) => [s.client, s.name]));
    for (const [client, name] of here) {
      window.clearTimeout(this.gone.get(client));
      const returning = this.gone.delete(client);
      if (!this.known.has(client) && live && !returning && this.settled) this.onChange(name, "joined");
      this.known.set(client, name);
    }
    for (const [client, name] of this.known) {
      if (here.has(client) || this.gone.has(client) || !live) continue;
      this.gone.set(client, window.setTimeout(() => {
        this.gone.delete(client);
        this.known.delete(client);
        if (this.session.link.peek() === "live") this.onChange(name, "left");
      }, 3000));
    }
    if (live && !this.settling) this.settling = window.setTimeout(() => (this.settled = true), 1500);
  }
  private settled = false;
  private settling = 0;
}

function someoneOf(client: number, state: Record<string, unknown>): Someone | null {
  const user = state.user as Record<string, unknown> | undefined;
  if (!user) return null;
  const name = String(user.display_name || user.name || user.owner || user.agent || user.username || "Somebody").slice(0, 60);
  const at = (state.at as { cell?: unknown; editing?: unknown } | undefined) ?? {};
  return {
    client, name, initials: initials(name), color: safeColor(user.color, String(user.username ?? name) || colorOf(name)),
    cell: typeof at.cell === "string" ? at.cell : "", editing: at.editing === true,
  };
}
