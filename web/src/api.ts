// The REST calls that the pages make, and their failures in words.
import { base, encodePath } from "./base";
import { me } from "./identity";

/** A failure of the hub: application/problem+json, or what stands for it when the hub could not be reached. */
export class Problem extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    readonly detail: string,
    readonly body: Record<string, unknown> = {},
  ) {
    super(detail);
  }
}

export interface Peer { id: string; name: string }
export interface KernelInfo { name: string; display_name?: string; language?: string; status: string; reason?: string }
export interface RoomInfo {
  id: string;
  lineage?: string;
  path: string;
  rev: number;
  state: string;
  code?: string;
  reason?: string;
  unsaved: boolean;
  saved?: { sha256: string; time: string } | null;
  peers: Peer[];
  kernel?: KernelInfo | null;
  queue?: unknown[];
  open?: boolean;
  since?: string;
}
export interface Entry { path: string; dir: boolean; size: number; modified: string; room?: RoomInfo | null }
export interface Listing { dir: string; entries: Entry[]; truncated: boolean }
export interface SaveAnswer { path: string; rev: number; sha256: string; notes?: string[]; links?: number }
export interface KernelSpec { name: string; display_name: string; language: string; problem?: string }
export interface TrashEntry { id: string; path: string; deleted: string; by?: string; size: number }
export interface Version { id: string; time: string; reason: string; by?: string; size: number; cells?: number }

const words: Record<number, [string, string]> = {
  401: ["unauthorized", "This hub asks for a token. Open the address it printed when it started."],
  403: ["forbidden", "You may not do this here."],
  404: ["not_found", "The hub does not know this."],
  405: ["not_served", "This hub does not offer this yet."],
  413: ["too_large", "This is larger than the hub accepts."],
  501: ["not_served", "This hub does not offer this yet."],
};

async function problemOf(response: Response): Promise<Problem> {
  const text = await response.text().catch(() => "");
  try {
    const body = JSON.parse(text) as Record<string, unknown>;
    if (typeof body.code === "string") {
      return new Problem(response.status, body.code, String(body.detail ?? body.title ?? body.code), body);
    }
  } catch {
    // Not JSON: a proxy or an older server answered; the status has to do.
  }
  const [code, detail] = words[response.status] ?? ["http_" + response.status, `The hub answered with status ${response.status}.`];
  return new Problem(response.status, code, detail);
}

async function send(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Response> {
  const init: RequestInit = { method, headers: { "X-Hub-Name": encodeURIComponent(me.value.name), ...headers }, credentials: "same-origin" };
  if (body instanceof Blob || typeof body === "string") init.body = body;
  else if (body !== undefined) {
    init.body = JSON.stringify(body);
    (init.headers as Record<string, string>)["Content-Type"] = "application/json";
  }
  let response: Response;
  try {
    response = await fetch(base + path, init);
  } catch {
    throw new Problem(0, "unreachable", "The hub cannot be reached.");
  }
  if (!response.ok) throw await problemOf(response);
  return response;
}

async function json<T>(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<T> {
  const response = await send(method, path, body, headers);
  if (response.status === 204) return undefined as T;
  const text = await response.text();
  return (text ? JSON.parse(text) : undefined) as T;
}

const v1 = "api/v1/";
const room = (id: string, rest = "") => `${v1}rooms/${encodeURIComponent(id)}${rest}`;
const file = (path: string) => `${v1}notebooks/${encodePath(path)}`;

export const api = {
  list: async (dir: string, recursive = false) => {
    const q = `?dir=${encodeURIComponent(dir)}${recursive ? "&recursive=true" : ""}`;
    return listingOf(await json<Record<string, unknown>>("GET", v1 + "notebooks" + q), dir);
  },
  rooms: async (untitled = false) => {
    const { rooms } = await json<{ rooms: RoomInfo[] }>("GET", `${v1}rooms${untitled ? "?untitled=true" : ""}`);
    return rooms.map(roomOf);
  },
  room: async (id: string) => roomOf(await json<RoomInfo>("GET", room(id))),
  open: async (path: string, create = false) => roomOf(await json<RoomInfo>("POST", v1 + "rooms", create ? { path, create } : { path })),
  untitled: async (kernel?: string) => roomOf(await json<RoomInfo>("POST", v1 + "rooms", kernel ? { kernel } : {})),
  close: (id: string) => json<unknown>("DELETE", room(id)),
  discard: (id: string) => json<TrashEntry>("POST", room(id, "/discard")),
  save: (id: string, body: { path?: string; overwrite?: boolean; recreate?: boolean }) => json<SaveAnswer>("POST", room(id, "/save"), body),
  rename: (id: string, path: string) => json<SaveAnswer>("POST", room(id, "/rename"), { path }),
  resolve: (id: string, keep: "room" | "disk") => json<unknown>("POST", room(id, "/resolve"), { keep }),
  roomNotebook: async (id: string) => (await send("GET", room(id, "/notebook"))).text(),
  disk: async (id: string) => (await send("GET", room(id, "/disk"))).text(),
  versions: async (id: string) => (await json<{ versions: Version[] }>("GET", room(id, "/versions"))).versions,
  keepVersion: (id: string) => json<Version>("POST", room(id, "/versions")),
  version: async (id: string, version: string) => (await send("GET", room(id, `/versions/${encodeURIComponent(version)}`))).text(),
  restoreVersion: (id: string, version: string) => json<unknown>("POST", room(id, `/versions/${encodeURIComponent(version)}/restore`)),
  copy: (from: string, to?: string) => json<{ path: string }>("POST", v1 + "notebooks", to ? { from, to } : { from }),
  upload: (path: string, data: Blob, replace = false) =>
    json<unknown>("PUT", file(path), data, { "Content-Type": "application/json", ...(replace ? {} : { "If-None-Match": "*" }) }),
  trash: (path: string) => json<unknown>("DELETE", file(path)),
  download: (path: string) => base + file(path) + "?download=true",
  /** A file as it lies on disk, to be saved. */
  file: (path: string) => `${base}${v1}files/${encodePath(path)}?download=true`,
  downloadRoom: (id: string) => base + room(id, "/notebook?download=true"),
  trashed: async () => (await json<{ entries: TrashEntry[] }>("GET", v1 + "trash")).entries,
  untrash: (id: string, to?: string) => json<{ path: string }>("POST", v1 + "trash", to ? { id, to } : { id }),
  kernelspecs: async () => (await json<{ kernelspecs: KernelSpec[] }>("GET", v1 + "kernelspecs")).kernelspecs,
  execute: (id: string, cells: string[]) => json<unknown>("POST", room(id, "/executions"), { cells }),
  cancel: (execution: string) => json<unknown>("DELETE", `${v1}executions/${execution}`),
  answer: (id: string, execution: string, value: string) => json<unknown>("POST", room(id, "/prompt"), { execution, value }),
  complete: (id: string, code: string, cursor: number) => json<Record<string, unknown>>("POST", room(id, "/kernel/complete"), { code, cursor }),
  inspect: (id: string, code: string, cursor: number) => json<Record<string, unknown>>("POST", room(id, "/kernel/inspect"), { code, cursor, detail: 0 }),
  interrupt: (id: string) => json<unknown>("POST", room(id, "/kernel/interrupt")),
  restart: (id: string) => json<unknown>("POST", room(id, "/kernel/restart")),
  setKernel: (id: string, name: string) => json<KernelInfo>("PUT", room(id, "/kernel"), { name }),
  stopKernel: (id: string) => json<unknown>("DELETE", room(id, "/kernel")),
  /** Whether the hub answers. */
  healthy: () => fetch(base + "healthz").then((response) => response.ok, () => false),
  blob: (sha256: string) => `${base}${v1}blobs/${sha256}`,
};

/** An untitled notebook has no path; here that is the empty one. */
function roomOf(info: RoomInfo): RoomInfo {
  return { ...info, path: info.path ?? "" };
}

function listingOf(answer: Record<string, unknown>, dir: string): Listing {
  const rows = (answer.entries ?? []) as Array<Record<string, unknown>>;
  return {
    dir: String(answer.dir ?? dir),
    truncated: answer.truncated === true,
    entries: rows.map((row) => ({
      path: String(row.path),
      dir: row.type === "folder",
      size: Number(row.size ?? 0),
      modified: String(row.modified ?? ""),
      room: (row.room as RoomInfo | undefined) ?? null,
    })),
  };
}
