// One page in one room: the shared document, the connection, and what the hub says about both.
import { batch, computed, signal } from "@preact/signals";
import * as decoding from "lib0/decoding";
import * as encoding from "lib0/encoding";
import { Awareness } from "y-protocols/awareness";
import { messageYjsSyncStep1, writeUpdate } from "y-protocols/sync";
import { WebsocketProvider } from "y-websocket";
import * as Y from "yjs";
import { api, type KernelInfo, Problem } from "../api";
import { socketBase } from "../base";
import { me } from "../identity";
import { Kept } from "./kept";
import { Pending } from "./pending";
import { type Facts, type HubState, standing } from "./saving";
import { browserShelf } from "./shelf";

const MESSAGE_SYNC = 0;
const MESSAGE_EVENT = 100;
const MESSAGE_REQUEST = 101;
const MESSAGE_RESPONSE = 102;

export interface QueueItem { id: string; cell: string; by: string; state: string; started?: string; behind?: number }
export interface Prompt { execution: string; cell: string; prompt: string; password: boolean; by: string }
interface Waiting { resolve: (value: unknown) => void; reject: (reason: Problem) => void; timer: number }

/** Ends after which the hub will not take this page's edits from another page either. */
const hopeless = new Set(["invalid_update", "too_large", "forbidden", "lineage", "replaced", "deleted"]);

/** The origin of edits that an earlier page left behind: they are sent like this page's own. */
const left = { name: "left behind" };

const clockFormat = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", second: "2-digit" });
const dayFormat = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });

/** A time of the hub for a person: the hour today, with the date otherwise. */
export function clock(time: string): string {
  const date = new Date(time);
  if (Number.isNaN(date.getTime())) return time;
  return date.toDateString() === new Date().toDateString() ? clockFormat.format(date) : dayFormat.format(date);
}

export class Session {
  readonly doc = new Y.Doc();
  readonly cells = this.doc.getArray<Y.Map<unknown>>("cells");
  readonly meta = this.doc.getMap<unknown>("meta");
  readonly state = this.doc.getMap<unknown>("state");
  readonly hub = this.doc.getMap<unknown>("hub");
  readonly awareness = new Awareness(this.doc);
  readonly provider: WebsocketProvider;

  readonly link = signal<Facts["link"]>("connecting");
  readonly goodbye = signal<Facts["goodbye"]>(null);
  readonly synced = signal(false);
  readonly readOnly = signal(false);
  readonly pending = signal(0);
  readonly saving = signal(false);
  readonly failure = signal<Facts["failure"]>(null);
  readonly path = signal("");
  readonly dirty = signal(false);
  readonly room = signal<HubState | null>(null);
  readonly saved = signal<Facts["saved"]>(null);
  readonly kernel = signal<KernelInfo | null>(null);
  readonly queue = signal<QueueItem[]>([]);
  /** Edits came back that an earlier page could not send. */
  readonly returned = signal(false);
  readonly prompt = signal<Prompt | null>(null);
  /** Whether this browser keeps edits that are not sent. */
  readonly keeps: boolean;
  /** Told once for each event of the hub, for notices. */
  onEvent: (type: string, data: Record<string, unknown>) => void = () => {};

  readonly standing = computed(() =>
    standing(
      {
        link: this.link.value, goodbye: this.goodbye.value, synced: this.synced.value, readOnly: this.readOnly.value, pending: this.pending.value,
        state: this.room.value, saved: this.saved.value, dirty: this.dirty.value, path: this.path.value, saving: this.saving.value, failure: this.failure.value, kept: this.keeps,
      },
      clock,
    ),
  );

  private readonly unsent: Pending;
  private readonly kept: Kept;
  private begun: Promise<void> | null = null;
  private readonly waiting = new Map<number, Waiting>();
  private requests = 0;

  constructor(readonly id: string, path: string, lineage?: string) {
    this.path.value = path;
    const shelf = browserShelf();
    this.keeps = shelf !== null;
    this.unsent = new Pending(this.doc, (count) => {
      this.pending.value = count;
      this.kept.changed();
    });
    this.kept = new Kept(id, () => this.unsent.unsent(), shelf);
    const params: Record<string, string> = { name: me.value.name };
    if (lineage) params.sessionId = lineage;
    this.provider = new WebsocketProvider(socketBase(), id, this.doc, {
      connect: false,
      disableBc: true,
      awareness: this.awareness,
      params,
      protocols: ["notebook-hub.v1"],
      shouldReconnect: (event) => this.mayReturn(event),
    });
    this.listen();
    this.watch();
    this.provider.connect();
  }

  /** Asks the hub over the socket; fails with a Problem. */
  request<T>(method: string, params: Record<string, unknown>, patience = 60_000): Promise<T> {
    const ws = this.provider.ws;
    if (!ws || !this.provider.wsconnected) return Promise.reject(new Problem(0, "unreachable", "The hub cannot be reached."));
    const id = ++this.requests;
    const encoder = encoding.createEncoder();
    encoding.writeVarUint(encoder, MESSAGE_REQUEST);
    encoding.writeVarString(encoder, JSON.stringify({ id, method, params }));
    return new Promise<T>((resolve, reject) => {
      const timer = window.setTimeout(() => {
        this.waiting.delete(id);
        reject(new Problem(0, "timeout", "The hub did not answer in time."));
      }, patience);
      this.waiting.set(id, { resolve: resolve as (value: unknown) => void, reject, timer });
      ws.send(encoding.toUint8Array(encoder));
    });
  }

  /** Tries to connect now instead of at the next turn. */
  reconnect(): void {
    this.provider.wsUnsuccessfulReconnects = 0;
    this.provider.disconnect();
    this.provider.connect();
  }

  /** Leaves the room. */
  leave(): void {
    window.removeEventListener("pagehide", this.goes);
    window.removeEventListener("online", this.hurry);
    document.removeEventListener("visibilitychange", this.goes);
    void this.kept.leave();
    this.provider.destroy();
    this.awareness.destroy();
    this.doc.destroy();
  }

  /** Ends the session for good with a reason that saving.ts has words for. */
  end(reason: string, detail: string): void {
    this.provider.shouldConnect = false;
    if (hopeless.has(reason)) void this.kept.drop();
    batch(() => {
      this.goodbye.value = { reason, detail };
      this.link.value = "ended";
    });
  }

  private listen(): void {
    const p = this.provider;
    p.messageHandlers[MESSAGE_EVENT] = (_e, decoder) => this.hear(decoding.readVarString(decoder));
    p.messageHandlers[MESSAGE_RESPONSE] = (_e, decoder) => this.answered(decoding.readVarString(decoder));
    const sync = p.messageHandlers[0]!;
    p.messageHandlers[0] = (encoder, decoder, provider, emit, type) => {
      const before = encoding.length(encoder);
      if (decoding.peekVarUint(decoder) === messageYjsSyncStep1) this.repeat();
      this.unheard(() => sync(encoder, decoder, provider, emit, type));
      // Anything but the bare type in the reply is the answer to the hub's step 1.
      if (encoding.length(encoder) > before + 1) this.unsent.answered();
    };
    p.on("status", ({ status }) => {
      if (status === "connected") this.unsent.connected();
      if (status === "disconnected") this.dropRequests();
      this.setLink(status);
    });
    p.on("sync", (synced: boolean) => {
      if (!synced) return;
      void this.takeOver();
      batch(() => {
        this.synced.value = true;
        this.link.value = "live";
        this.goodbye.value = null;
        this.readRoots();
      });
    });
    p.on("connection-error", () => {
      this.setLink("disconnected");
      void this.inquire();
    });
    this.doc.on("update", this.edited);
    window.addEventListener("pagehide", this.goes);
    window.addEventListener("online", this.hurry);
    document.addEventListener("visibilitychange", this.goes);
  }

  /**
   * Sends what the hub has not confirmed as it was written, before the answer to its question. What was typed into a cell just as the last
   * connection ended, and somebody else deleted or moved the cell, Yjs has collected meanwhile: the answer would say that it was nothing.
   */
  private repeat(): void {
    const update = this.readOnly.peek() ? null : this.unsent.unsent();
    if (!update) return;
    const encoder = encoding.createEncoder();
    encoding.writeVarUint(encoder, MESSAGE_SYNC);
    writeUpdate(encoder, update);
    this.provider.ws?.send(encoding.toUint8Array(encoder));
    this.unsent.repeated();
  }

  private readonly edited = (update: Uint8Array, origin: unknown) => {
    if (origin !== this.provider) this.unsent.made(update, this.provider.wsconnected);
  };

  /** The page is put aside, perhaps for good: browsers tell no more than this. */
  private readonly goes = () => {
    if (document.visibilityState === "hidden") void this.kept.write();
    else this.hurry();
  };

  /** Somebody looks again, or the network is back: no reason to wait for the next turn. */
  private readonly hurry = () => {
    if (this.link.peek() === "offline" && this.provider.shouldConnect && !this.provider.wsconnecting) this.reconnect();
  };

  /** Brings back what an earlier page could not send. */
  private async takeOver(): Promise<void> {
    await this.begun;
    if (this.readOnly.peek()) return;
    const { store } = this.doc;
    await this.kept.takeOver((update) => {
      const before = this.unsent.count;
      Y.applyUpdate(this.doc, update, left);
      if (this.unsent.count > before) this.returned.value = true;
      return store.pendingStructs === null && store.pendingDs === null;
    });
  }

  /** The first sync brings the whole notebook. Nobody edits yet, so nobody need be told: Yjs would encode all of it once more for them. */
  private unheard(act: () => void): void {
    if (this.synced.peek()) return act();
    const hearers = [this.edited, this.provider._updateHandler];
    for (const hearer of hearers) this.doc.off("update", hearer);
    try {
      act();
    } finally {
      for (const hearer of hearers) this.doc.on("update", hearer);
    }
  }

  /** A refused upgrade tells a browser nothing; the REST call of the same room does. */
  private async inquire(): Promise<void> {
    if (Date.now() - this.inquired < 2500 || this.link.peek() === "ended") return;
    this.inquired = Date.now();
    try {
      const room = await api.room(this.id);
      // A room at rest is no refusal: attaching opens it again, and the hub may just have come back.
      if (room.state === "closed") this.end("closed", "");
      else if (room.lineage && this.provider.params.sessionId && room.lineage !== this.provider.params.sessionId) this.end("lineage", "");
    } catch (error) {
      const { status, detail } = error as Problem;
      const reason = { 401: "unauthorized", 403: "forbidden", 404: "not_found", 409: "closed", 410: "replaced" }[status];
      if (reason) this.end(reason, detail);
    }
  }
  private inquired = 0;

  private setLink(status: string): void {
    if (this.link.value === "ended") return;
    // Connected is not live yet: edits merge with the first sync. A first attempt is "connecting", later ones are "offline".
    if (status === "disconnected") this.link.value = "offline";
  }

  private watch(): void {
    const update = () => batch(() => this.readRoots());
    this.state.observe(update);
    this.hub.observe(update);
  }

  private readRoots(): void {
    const get = <T>(map: Y.Map<unknown>, key: string, fallback: T): T => (map.get(key) as T | undefined) ?? fallback;
    const path = this.state.get("path");
    if (typeof path === "string" && path !== "") this.path.value = path;
    this.dirty.value = this.state.get("dirty") === true;
    set(this.room, get<HubState | null>(this.hub, "state", null));
    set(this.saved, get<Facts["saved"]>(this.hub, "saved", null));
    set(this.kernel, get<KernelInfo | null>(this.hub, "kernel", null));
    set(this.queue, get<QueueItem[]>(this.hub, "queue", []));
    set(this.prompt, get<Prompt | null>(this.hub, "prompt", null));
    const error = get<Facts["failure"]>(this.hub, "error", null);
    if (error) this.failure.value = { code: error.code, detail: error.detail };
    else if (!this.dirty.value || this.failure.value === null) this.failure.value = null;
  }

  private hear(text: string): void {
    const data = JSON.parse(text) as Record<string, unknown>;
    const inner = data;
    const type = String(data.type);
    switch (type) {
      case "hello":
        this.hello(inner);
        break;
      case "ack":
        this.unsent.confirmed(typeof inner.state_vector === "string" ? bytesOf(inner.state_vector) : null, typeof inner.updates === "number" ? inner.updates : null);
        break;
      case "path_changed":
        this.path.value = typeof inner.path === "string" ? inner.path : "";
        break;
      case "saved":
        this.failure.value = null;
        break;
      case "save_failed":
        this.failure.value = { code: String(inner.code ?? "internal"), detail: String(inner.detail ?? "The file could not be written") };
        break;
      case "goodbye":
        this.goodbye.value = { reason: String(inner.reason), detail: String(inner.detail ?? "") };
        break;
    }
    this.onEvent(type, inner);
  }

  private hello(data: Record<string, unknown>): void {
    this.readOnly.value = data.read_only === true;
    if (typeof data.path === "string") this.path.value = data.path;
    if (typeof data.lineage === "string") {
      const known = this.provider.params.sessionId;
      if (known && known !== data.lineage) return this.end("lineage", "");
      this.provider.params = { ...this.provider.params, sessionId: data.lineage };
      this.begun ??= this.kept.begin(data.lineage);
    }
  }

  private answered(text: string): void {
    const reply = JSON.parse(text) as { id: number; result?: unknown; error?: { status?: number; code?: string; detail?: string } };
    const waiting = this.waiting.get(reply.id);
    if (!waiting) return;
    clearTimeout(waiting.timer);
    this.waiting.delete(reply.id);
    const { error } = reply;
    if (error) waiting.reject(new Problem(error.status ?? 500, error.code ?? "internal", error.detail ?? "The hub refused.", error as Record<string, unknown>));
    else waiting.resolve(reply.result);
  }

  private dropRequests(): void {
    for (const { reject, timer } of this.waiting.values()) {
      clearTimeout(timer);
      reject(new Problem(0, "unreachable", "The connection went away before the hub answered."));
    }
    this.waiting.clear();
  }

  /** Decides on a close of the hub: most are "come back", some are final. */
  private mayReturn(event: CloseEvent): boolean {
    const final: Record<number, string> = { 1003: "lineage", 1007: "invalid_update", 1008: "forbidden", 1009: "too_large", 4403: "forbidden", 4404: "not_found" };
    const said = this.goodbye.value?.reason ?? "";
    const reason = ["closed", "replaced", "forbidden", "deleted", "invalid_update", "too_large"].includes(said) ? said : final[event.code];
    if (!reason) return true;
    this.end(reason, this.goodbye.value?.detail || event.reason);
    return false;
  }
}

function set<T>(target: { value: T; peek(): T }, value: T): void {
  if (JSON.stringify(target.peek()) !== JSON.stringify(value)) target.value = value;
}

function bytesOf(base64: string): Uint8Array {
  return Uint8Array.from(atob(base64.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0));
}
