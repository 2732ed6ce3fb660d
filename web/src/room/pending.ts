// Which edits of this page the hub has on its disk.
//
// Each local update is numbered as it is made. An ack of the hub names the state vector that is on disk, and
// - where the hub counts them - how many updates of this connection. Deletions do not move a state vector, so without the count an
// update is taken as confirmed by the first ack that covers its clock and arrives after it was sent.

import * as Y from "yjs";

export class Pending {
  private queue: Array<{ clock: number; seq: number; update: Uint8Array | null }> = [];
  /** Updates sent on this connection. */
  private sent = 0;
  private counted = false;
  /** The hub's question of this connection was answered. */
  private told = false;

  constructor(private readonly doc: Y.Doc, private readonly changed: (count: number) => void) {}

  /**
   * A local edit was made; live tells whether it went out at once. Before the hub's question is answered, the answer carries it too: it
   * counts as sent with that, so that edits are confirmed in the order in which they were made.
   */
  made(update: Uint8Array, live: boolean): void {
    if (live) this.sent++;
    this.queue.push({ clock: this.clock(), seq: live && this.told ? this.sent : 0, update });
    this.changed(this.queue.length);
  }

  /** Everything that is not confirmed, as one update; null when that is nothing. */
  unsent(): Uint8Array | null {
    const last = this.queue[this.queue.length - 1];
    if (!last) return null;
    const updates = this.queue.flatMap(({ update }) => update ?? []);
    const merged = updates.length === 1 ? updates[0]! : Y.mergeUpdates(updates);
    // The last one is confirmed last: it can carry what the others did, and nothing is merged twice.
    for (const edit of this.queue) edit.update = null;
    return (last.update = merged);
  }

  /** A new connection is up: what is queued goes out with the answer to its sync request. */
  connected(): void {
    this.sent = 0;
    this.counted = this.told = false;
    for (const edit of this.queue) edit.seq = 0;
  }

  /** What was not confirmed went out once more, as one update. */
  repeated(): void {
    this.sent++;
  }

  /** The answer to the hub's sync request went out; it carries everything that had not been sent on this connection. */
  answered(): void {
    this.sent++;
    this.told = true;
    for (const edit of this.queue) if (edit.seq === 0) edit.seq = this.sent;
  }

  /** The hub confirmed. */
  confirmed(stateVector: Uint8Array | null, updates: number | null): void {
    if (updates !== null) this.counted = true;
    const clock = stateVector ? (Y.decodeStateVector(stateVector).get(this.doc.clientID) ?? 0) : Infinity;
    this.queue = this.queue.filter((edit) =>
      this.counted ? updates === null || edit.seq === 0 || edit.seq > updates : edit.seq === 0 || edit.clock > clock,
    );
    this.changed(this.queue.length);
  }

  /** Everything that this page holds is on the hub's disk: the hub told so by other means. */
  clear(): void {
    this.queue = [];
    this.changed(0);
  }

  get count(): number {
    return this.queue.length;
  }

  private clock(): number {
    return Y.getState(this.doc.store, this.doc.clientID);
  }
}
