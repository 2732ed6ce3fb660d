// What the home page knows: the folder, the rooms, and what to look for. Kept fresh by the hub's events.
import { batch, type Signal, signal } from "@preact/signals";
import { api, type Entry, Problem, type RoomInfo } from "../api";
import { follow } from "../feed";

export type Feed = "starting" | "live" | "polling";

export class Home {
  readonly entries: Signal<Entry[] | null> = signal(null);
  readonly truncated = signal(false);
  readonly rooms: Signal<RoomInfo[]> = signal([]);
  readonly trouble: Signal<Problem | null> = signal(null);
  readonly feed: Signal<Feed> = signal("starting");
  readonly search = signal("");
  readonly found: Signal<Entry[] | null> = signal(null);
  private readonly stop: () => void;
  private timer = 0;
  private poll = 0;
  /** Files that come and go outside of the hub are told only where a folder is watched: the rest is read now and then. */
  private readonly refresh = window.setInterval(() => {
    if (document.visibilityState === "visible") void this.load();
  }, 8000);
  private everything: Promise<Entry[]> | null = null;

  constructor(readonly dir: string) {
    void this.load();
    this.stop = follow(
      "api/v1/events",
      (event) => this.soon(event.type),
      () => {
        // What happened while the feed was away is not repeated.
        if (this.feed.peek() === "polling") this.soon("listing");
        this.feed.value = "live";
        clearInterval(this.poll);
        this.poll = 0;
      },
      () => {
        this.feed.value = "polling";
        if (!this.poll) this.poll = window.setInterval(() => void this.load(), 10_000);
      },
    );
  }

  destroy(): void {
    this.stop();
    clearTimeout(this.timer);
    clearInterval(this.poll);
    clearInterval(this.refresh);
  }

  /** Reads everything anew. */
  async load(): Promise<void> {
    this.everything = null;
    try {
      const [listing, rooms] = await Promise.all([api.list(this.dir), api.rooms(true)]);
      batch(() => {
        if (JSON.stringify(this.entries.peek()) !== JSON.stringify(listing.entries)) this.entries.value = listing.entries;
        this.truncated.value = listing.truncated;
        this.rooms.value = rooms;
        this.trouble.value = null;
      });
      if (this.search.peek()) await this.look(this.search.peek());
    } catch (error) {
      this.trouble.value = error instanceof Problem ? error : new Problem(0, "internal", String(error));
    }
  }

  /** Searches all folders by name. */
  async look(text: string): Promise<void> {
    this.search.value = text;
    if (text.trim() === "") {
      this.found.value = null;
      return;
    }
    this.everything ??= api.list("", true).then((listing) => listing.entries);
    try {
      const all = await this.everything;
      if (this.search.peek() === text) this.found.value = matching(all, text);
    } catch (error) {
      this.everything = null;
      this.trouble.value = error instanceof Problem ? error : new Problem(0, "internal", String(error));
    }
  }

  /** Edits of notebooks come many times a second and change nothing here but "unsaved": those are read once in a while. */
  private soon(type: string): void {
    if (this.timer && type === "edited") return;
    clearTimeout(this.timer);
    this.timer = window.setTimeout(() => {
      this.timer = 0;
      void this.load();
    }, type === "edited" ? 1500 : 120);
  }
}

/** Entries whose path holds every word, those with it in their name first. */
export function matching(entries: Entry[], text: string): Entry[] {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  const score = (entry: Entry) => {
    const path = entry.path.toLowerCase();
    const name = path.slice(path.lastIndexOf("/") + 1);
    if (!words.every((word) => path.includes(word))) return 0;
    return words.every((word) => name.includes(word)) ? (words.some((word) => name.startsWith(word)) ? 3 : 2) : 1;
  };
  return entries
    .map((entry) => ({ entry, score: score(entry) }))
    .filter((row) => row.score > 0)
    .sort((a, b) => b.score - a.score || a.entry.path.localeCompare(b.entry.path))
    .map((row) => row.entry);
}

const relative = new Intl.RelativeTimeFormat(undefined, { numeric: "auto" });

/** A time as a person says it. */
export function ago(time: string, now = Date.now()): string {
  const at = Date.parse(time);
  if (Number.isNaN(at)) return "";
  const seconds = Math.round((at - now) / 1000);
  const steps: Array<[number, Intl.RelativeTimeFormatUnit, number]> = [[60, "second", 1], [3600, "minute", 60], [86_400, "hour", 3600], [86_400 * 30, "day", 86_400]];
  if (Math.abs(seconds) < 10) return "just now";
  for (const [limit, unit, size] of steps) if (Math.abs(seconds) < limit) return relative.format(Math.trunc(seconds / size), unit);
  return new Intl.DateTimeFormat(undefined, { dateStyle: "medium" }).format(at);
}
