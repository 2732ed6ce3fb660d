// Edits that the hub does not have yet, kept in this browser: what a page leaves behind goes to the hub with the next one.
//
// A page keeps what is not acknowledged as one Yjs update under a key of its own, and takes it away when the hub has it. As long as
// a page lives it holds its key; what lies under a key that nobody holds was left behind. The next page of the same room and the same
// history applies it, keeps it as its own, and sends it; a page that is there already does so when the other one ends. Nothing can be
// there twice: Yjs knows each edit by its number.
import type { Shelf } from "./shelf";

/** Milliseconds until an edit is written down; most are acknowledged before. */
const soon = 150;
/** Days after which nobody will come back for an edit. */
const stale = 14;

export class Kept {
  private readonly key = crypto.getRandomValues(new Uint32Array(3)).join("-");
  private lineage = "";
  private written = false;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private release = () => {};
  private over = false;
  private readonly ends = new AbortController();
  private readonly awaited = new Set<string>();

  /** unsent: everything of this page that is not acknowledged, as one update; null when that is nothing. */
  constructor(private readonly room: string, private readonly unsent: () => Uint8Array | null, private readonly shelf: Shelf | null) {}

  /** From here on edits belong to this history. */
  async begin(lineage: string): Promise<void> {
    if (!this.shelf || this.lineage) return;
    const release = await this.shelf.hold(this.key);
    if (this.over) return release();
    this.release = release;
    this.lineage = lineage;
    this.changed();
  }

  /** Something was edited or acknowledged. */
  changed(): void {
    if (this.lineage) this.timer ??= setTimeout(() => void this.write(), soon);
  }

  /** Writes down now what there is: the page may be about to go. */
  async write(): Promise<void> {
    clearTimeout(this.timer);
    this.timer = undefined;
    if (!this.shelf || !this.lineage) return;
    const update = this.unsent();
    if (!update && !this.written) return;
    this.written = update !== null;
    await this.shelf.replace(update && this.own(update), update ? [] : [this.key]);
  }

  /**
   * Brings back what pages of this room left behind, and waits for those that may still do so. apply tells whether everything that the
   * update builds on is there; if not, it is left for a later page. Returns how many pages' edits were applied by now.
   */
  async takeOver(apply: (update: Uint8Array) => boolean): Promise<number> {
    if (!this.shelf || !this.lineage) return 0;
    const [all, held] = await Promise.all([this.shelf.all(), this.shelf.held()]);
    if (!held) return 0;
    for (const { key, room } of all) if (room === this.room && held.has(key)) this.await(key, apply);
    const mine = all.filter(({ key, room }) => room === this.room && !held.has(key));
    const done = mine.filter(({ lineage, update }) => lineage === this.lineage && apply(update));
    // What belongs to another history, or is of long ago, can never be merged.
    const lost = [...mine.filter(({ lineage }) => lineage !== this.lineage), ...all.filter(({ key, time }) => !held.has(key) && time < Date.now() - stale * 86_400_000)];
    const update = this.unsent();
    this.written ||= update !== null;
    await this.shelf.replace(update && this.own(update), [...done, ...lost].map(({ key }) => key));
    return done.length;
  }

  private await(key: string, apply: (update: Uint8Array) => boolean): void {
    if (key === this.key || this.awaited.has(key)) return;
    this.awaited.add(key);
    void this.shelf!.freed(key, this.ends.signal).then(() => this.takeOver(apply));
  }

  /** The hub will never take these edits: no later page may try again. */
  async drop(): Promise<void> {
    clearTimeout(this.timer);
    const { lineage } = this;
    this.lineage = "";
    this.finish();
    if (this.shelf && lineage) await this.shelf.replace(null, [this.key]);
    this.release();
  }

  /** This page goes; what it did not get rid of is left to the next one. */
  async leave(): Promise<void> {
    this.finish();
    await this.write();
    clearTimeout(this.timer);
    this.lineage = "";
    this.release();
  }

  private finish(): void {
    this.over = true;
    this.ends.abort();
  }

  private own(update: Uint8Array) {
    return { key: this.key, room: this.room, lineage: this.lineage, update, time: Date.now() };
  }
}
