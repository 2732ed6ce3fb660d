// The truth about saving: one function from what is known to what a person reads, and what they can do about it.

export interface HubState { name: string; code?: string; reason?: string }

/** Everything that the answer depends on. */
export interface Facts {
  /** The connection to the room. */
  link: "connecting" | "live" | "offline" | "ended";
  /** Why the connection ended or was refused, when the hub said so. */
  goodbye: { reason: string; detail: string } | null;
  /** Whether the notebook was ever received. */
  synced: boolean;
  /** This person may look, not write. */
  readOnly: boolean;
  /** Edits of this page that the hub has not yet confirmed to be on its disk. */
  pending: number;
  /** The room's own state, as the hub writes it into the document. */
  state: HubState | null;
  /** When file and room last agreed. */
  saved: { sha256: string; time: string } | null;
  /** The document has changes that the file has not. */
  dirty: boolean;
  /** The notebook's path, "" while it is in no file. */
  path: string;
  /** A save that this page asked for is on its way. */
  saving: boolean;
  /** Why the last save did not work. */
  failure: { code: string; detail: string } | null;
  /** Whether this browser keeps edits that the hub does not have, should the page be closed. */
  kept: boolean;
}

export type Action =
  | "save" | "retry" | "save-as" | "overwrite" | "recreate" | "keep-room" | "take-disk" | "show-difference"
  | "reload" | "reconnect" | "download" | "token" | "home";

export interface Standing {
  /** The short name, for styles and tests. */
  kind: "opening" | "saved" | "unsaved" | "untitled" | "sending" | "saving" | "offline" | "failed" | "conflict" | "missing"
    | "degraded" | "read-only" | "ended";
  tone: "calm" | "busy" | "warn" | "bad";
  /** A few words, always on screen. */
  label: string;
  /** A sentence or two. */
  detail: string;
  actions: Action[];
}

const plural = (n: number, one: string) => (n === 1 ? `1 ${one}` : `${n} ${one}s`);

/** Says how the notebook stands. clock formats a time of the hub for a person. */
export function standing(f: Facts, clock: (time: string) => string): Standing {
  if (f.link === "ended") return ended(f);
  if (!f.synced) return opening(f);
  if (f.link !== "live") return offline(f);
  const room = roomTrouble(f);
  if (room) return room;
  if (f.failure) return failed(f.failure, f.path);
  if (f.saving) return { kind: "saving", tone: "busy", label: "Saving…", detail: "The hub is writing the file.", actions: [] };
  if (f.readOnly) {
    return { kind: "read-only", tone: "calm", label: "Read only", detail: "You may look at this notebook, not change it.", actions: ["download"] };
  }
  return settled(f, clock);
}

function settled(f: Facts, clock: (time: string) => string): Standing {
  if (f.pending > 0) {
    return { kind: "sending", tone: "busy", label: "Unsaved", detail: "Your last edits are on their way to the hub.", actions: ["save"] };
  }
  if (f.path === "") {
    return {
      kind: "untitled", tone: "calm", label: "On disk in the hub",
      detail: "This notebook is in no file yet. The hub keeps every edit; give it a name to put it into the folder.", actions: ["save-as"],
    };
  }
  if (f.dirty) {
    return {
      kind: "unsaved", tone: "calm", label: "Unsaved, on disk in the hub",
      detail: `Every edit is safe in the hub. The file ${f.path} gets them with the next save.`, actions: ["save", "save-as"],
    };
  }
  const at = f.saved ? ` at ${clock(f.saved.time)}` : "";
  return {
    kind: "saved", tone: "calm", label: f.saved ? `Saved to file${at}` : "Saved to file",
    detail: `The file ${f.path} holds what you see${at ? `, written or read${at}` : ""}.`, actions: ["save", "save-as"],
  };
}

function opening(f: Facts): Standing {
  if (f.link === "offline") {
    return { kind: "opening", tone: "bad", label: "Hub not reached", detail: heard(f) || "The hub does not answer. Trying again by itself.", actions: ["reconnect", "home"] };
  }
  return { kind: "opening", tone: "busy", label: "Opening…", detail: "The notebook is on its way.", actions: [] };
}

function offline(f: Facts): Standing {
  const kept = f.pending > 0 ? waiting(f) : " Nothing of yours is waiting.";
  const why: Record<string, string> = {
    evicted: "The hub put this notebook to rest; it comes back by itself.",
    shutdown: "The hub is restarting or was stopped.",
    slow: "This page could not keep up, so the hub let go of it; it is catching up.",
  };
  const first = heard(f) || (f.goodbye && why[f.goodbye.reason]) || "The connection to the hub is gone.";
  return {
    kind: "offline", tone: "warn", label: f.pending > 0 ? `Offline, ${plural(f.pending, "edit")} waiting` : "Offline",
    detail: `${first} You can go on editing; it is merged when the hub is back.${kept}`, actions: ["reconnect", "download"],
  };
}

function waiting({ pending, kept }: Facts): string {
  const one = pending === 1;
  if (!kept) return ` ${plural(pending, "edit")} of yours only ${one ? "exists" : "exist"} in this page: keep it open.`;
  return ` ${plural(pending, "edit")} of yours ${one ? "has" : "have"} not reached the hub; this browser keeps ${one ? "it" : "them"} until then.`;
}

function ended(f: Facts): Standing {
  const reason = f.goodbye?.reason ?? "";
  const said: Record<string, [string, string, Action[]]> = {
    closed: ["Closed", "Somebody closed this notebook. Its last state was saved. Open it again to go on.", ["reload", "home"]],
    replaced: ["History replaced", "The hub lost this notebook's history and started a new one from the file. Download your version if you need it, then reload.", ["download", "reload"]],
    lineage: ["History replaced", "The hub holds another history of this notebook than this page. Download your version if you need it, then reload.", ["download", "reload"]],
    forbidden: ["No access", "The hub does not let you into this notebook.", ["token", "home"]],
    unauthorized: ["Token needed", "The hub asks for its token again.", ["token"]],
    invalid_update: ["Stopped", "The hub refused an edit of this page as broken and kept everything else. Download your version, then reload.", ["download", "reload"]],
    too_large: ["Stopped", "An edit was larger than the hub accepts. Download your version, then reload.", ["download", "reload"]],
    deleted: ["Deleted", "This notebook was moved to the trash. You can restore it from the list of notebooks.", ["download", "home"]],
    not_found: ["Not there", "The hub does not know this notebook.", ["home"]],
  };
  const [label, words, actions] = said[reason] ?? ["Ended", "The hub ended the connection.", ["reload", "home"] as Action[]];
  const lost = f.pending > 0 ? ` ${plural(f.pending, "edit")} of yours only exist in this page.` : "";
  const more = f.goodbye?.detail && !said[reason] ? ` ${f.goodbye.detail}` : "";
  return { kind: "ended", tone: "bad", label, detail: words + more + lost, actions };
}

function roomTrouble(f: Facts): Standing | null {
  const reason = f.state?.reason ? ` ${sentence(f.state.reason)}` : "";
  switch (f.state?.name) {
    case "conflict":
      return {
        kind: "conflict", tone: "bad", label: "Conflict with the file",
        detail: `The file on disk and this notebook differ in a way that a person must decide about.${reason} Nothing is lost: the side you do not keep becomes a version.`,
        actions: ["show-difference", "keep-room", "take-disk", "save-as"],
      };
    case "missing":
      return {
        kind: "missing", tone: "warn", label: "File is gone",
        detail: `${f.path || "The file"} was deleted or moved on disk. Your edits are kept in the hub; nothing is written until you say so.${reason}`,
        actions: ["recreate", "save-as", "download"],
      };
    case "degraded":
      return {
        kind: "degraded", tone: "bad", label: f.state.code === "disk_full" ? "Disk is full" : "Storage is failing",
        detail: `The hub cannot write to its disk and tries again by itself.${reason} Edits are kept in memory for now: keep this page open.`,
        actions: ["retry", "download"],
      };
    case "read_only":
      return {
        kind: "read-only", tone: "warn", label: "File is read-only",
        detail: `The hub may not write ${f.path || "the file"}.${reason} Edits are kept in the hub; save them as another file.`, actions: ["save-as", "retry"],
      };
    default:
      return null;
  }
}

function failed(failure: { code: string; detail: string }, path: string): Standing {
  const base = { kind: "failed" as const, tone: "bad" as const };
  const detail = sentence(failure.detail);
  switch (failure.code) {
    case "path_already_open":
      return { ...base, label: "Save failed: open elsewhere", detail: `${detail} Nothing was written. Choose another name.`, actions: ["save-as"] };
    case "file_exists":
      return { ...base, label: "Save failed: name taken", detail: `${detail} Nothing was written.`, actions: ["save-as", "overwrite"] };
    case "disk_changed":
      return { ...base, label: "Save failed: file changed", detail: `${detail} Somebody changed ${path || "the file"} on disk.`, actions: ["show-difference", "retry", "save-as"] };
    case "conflict":
      return { ...base, label: "Save failed: conflict", detail, actions: ["show-difference", "keep-room", "take-disk", "save-as"] };
    case "file_missing":
      return { ...base, label: "Save failed: file is gone", detail, actions: ["recreate", "save-as"] };
    case "disk_full":
      return { ...base, label: "Save failed: disk full", detail: `${detail} Make room on the disk, then try again. Your edits are kept.`, actions: ["retry", "save-as", "download"] };
    case "permission_denied":
    case "read_only":
      return { ...base, label: "Save failed: not allowed", detail: `${detail} Your edits are kept in the hub.`, actions: ["save-as", "retry", "download"] };
    case "unreachable":
      return { ...base, label: "Save failed: hub not reached", detail: `${detail} Your edits are kept in this page.`, actions: ["retry", "download"] };
    default:
      return { ...base, label: "Save failed", detail: `${detail} Your edits are kept.`, actions: ["retry", "save-as", "download"] };
  }
}

/** What the hub said when it let go of this page, "" when it only gave a reason. */
function heard(f: Facts): string {
  return f.goodbye?.detail ? sentence(f.goodbye.detail) : "";
}

/** What the hub says, as a sentence of its own. */
export function sentence(text: string): string {
  const trimmed = text.trim();
  if (!trimmed) return "";
  const first = trimmed[0]!.toUpperCase() + trimmed.slice(1);
  return /[.!?]$/.test(first) ? first : first + ".";
}
