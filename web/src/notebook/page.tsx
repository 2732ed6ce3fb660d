// The page of one notebook.
import { computed, effect } from "@preact/signals";
import { useEffect, useLayoutEffect, useMemo, useState } from "preact/hooks";
import { api, Problem } from "../api";
import { hrefOf, type Place } from "../base";
import { dirOf, nameOf } from "../home/paths";
import type { Cell } from "../doc/model";
import { beside } from "../outputs/beside";
import { Outputs, type OutputContext } from "../outputs/context";
import { slug } from "../outputs/markdown";
import { choose, joined } from "../outputs/rank";
import { sentence } from "../room/saving";
import type { Session } from "../room/session";
import { Icon } from "../ui/icons";
import { tell } from "../ui/notice";
import { Link } from "../router";
import { TokenForm } from "../token";
import { complete, inspect } from "./assist";
import { attach, picturesOf } from "./attach";
import { CellView } from "./cell";
import { perform } from "./commands";
import type { EditorHost } from "./editor";
import { FindBar } from "./findbar";
import { mac } from "./help";
import { KernelTrouble } from "./kernel";
import { Keyboard } from "./keys";
import { Notebook } from "./notebook";
import { outputsOf } from "./outputs";
import { EditorHosts, type Hosts } from "./source";
import { TopBar } from "./topbar";
import "../styles/notebook.css";

type Opened = { nb: Notebook } | { trouble: Problem } | null;

export function NotebookPage({ place, session }: { place: Extract<Place, { page: "notebook" | "room" }>; session: Promise<Session> }) {
  const [opened, setOpened] = useState<Opened>(null);
  useLayoutEffect(() => {
    let nb: Notebook | null = null;
    let left = false;
    session.then(
      (session) => {
        if (left) return;
        nb = new Notebook(session);
        // For tests and for the curious: the page's own notebook, as the page sees it.
        (window as unknown as { notebook: Notebook }).notebook = nb;
        setOpened({ nb });
      },
      (error: unknown) => setOpened({ trouble: error instanceof Problem ? error : new Problem(0, "internal", String(error)) }),
    );
    return () => {
      left = true;
      nb?.destroy();
    };
  }, []);
  if (!opened) return <p class="boot">Opening {place.page === "notebook" ? nameOf(place.path) : "the notebook"}…</p>;
  if ("trouble" in opened) return <NotOpened trouble={opened.trouble} place={place} />;
  return <Open nb={opened.nb} />;
}

function NotOpened({ trouble, place }: { trouble: Problem; place: Place }) {
  const path = place.page === "notebook" ? place.path : "";
  useEffect(() => (trouble.code === "unreachable" || trouble.code === "shutting_down" ? returnsWith(api.healthy) : undefined), [trouble]);
  const title: Record<string, string> = {
    notebook_not_found: "There is no such notebook", room_not_found: "There is no such notebook", invalid_notebook: "This file is no notebook", unsupported_nbformat: "This notebook is newer than the hub",
    unauthorized: "The hub asks for its token", unreachable: "The hub cannot be reached", room_closed: "This notebook was closed", room_replaced: "This notebook has moved",
  };
  return (
    <main class="apart">
      <h1>{title[trouble.code] ?? "The notebook could not be opened"}</h1>
      {path && <p class="path">{path}</p>}
      <p>{sentence(trouble.detail)}</p>
      {trouble.code === "unauthorized" && <TokenForm />}
      <p>
        <button type="button" class="primary" onClick={() => location.reload()}>Try again</button>{" "}
        {trouble.code === "invalid_notebook" && <><a class="button" href={api.file(path)}>Download the file</a>{" "}</>}
        <Link class="button" place={{ page: "home", dir: dirOf(path) }}>All notebooks</Link>
      </p>
    </main>
  );
}

/** Loads the page again as soon as the hub answers. Returns how to give up on it. */
function returnsWith(healthy: () => Promise<boolean>): () => void {
  const timer = setInterval(() => void healthy().then((is) => is && location.reload()), 2000);
  return () => clearInterval(timer);
}

function Open({ nb }: { nb: Notebook }) {
  const contexts = useMemo(() => ({ outputs: outputContext(nb), hosts: hostsOf(nb) }), [nb]);
  useEffect(() => attend(nb), [nb]);
  const { session } = nb;
  const list = nb.cells.list.value;
  const drawn = useGrowing(list.length);
  return (
    <Outputs.Provider value={contexts.outputs}>
      <EditorHosts.Provider value={contexts.hosts}>
        <TopBar nb={nb} />
        {nb.finding.value && <FindBar nb={nb} />}
        <KernelTrouble nb={nb} />
        <main class={`notebook mode-${nb.mode.value}`} aria-label={session.path.value || "Untitled notebook"} data-synced={session.synced.value}>
          <h1 class="visually-hidden">{nameOf(session.path.value) || "Untitled notebook"}</h1>
          {(drawn < list.length ? list.slice(0, drawn) : list).map((cell, index) => <CellView key={cell.key} nb={nb} cell={cell} index={index} />)}
          {session.synced.value && drawn >= list.length && !nb.readOnly && <AddRow nb={nb} empty={list.length === 0} />}
        </main>
        <Tooltip nb={nb} />
      </EditorHosts.Provider>
    </Outputs.Provider>
  );
}

/** How many of a long list are drawn: a screenful at once, the rest in the frames that follow. */
function useGrowing(length: number): number {
  const [drawn, setDrawn] = useState(12);
  useEffect(() => {
    if (drawn >= length) return;
    const frame = requestAnimationFrame(() => setDrawn((now) => now + 48));
    return () => cancelAnimationFrame(frame);
  }, [drawn, length]);
  return drawn;
}

function AddRow({ nb, empty }: { nb: Notebook; empty: boolean }) {
  const add = (type: "code" | "markdown") => {
    nb.select(nb.order[nb.order.length - 1] ?? "", { focus: false, scroll: false });
    nb.insert("below", type, true);
  };
  return (
    <div class={empty ? "add-row empty" : "add-row"}>
      {empty && <p>This notebook has no cells yet.</p>}
      <button type="button" class="quiet" onClick={() => add("code")}><Icon name="plus" size={14} /> Code</button>
      <button type="button" class="quiet" onClick={() => add("markdown")}><Icon name="plus" size={14} /> Markdown</button>
    </div>
  );
}

function Tooltip({ nb }: { nb: Notebook }) {
  const tip = nb.tooltip.value;
  useEffect(() => {
    if (!tip) return;
    const close = (event: Event) => {
      if (!(event.target as Element).closest?.(".inspect")) nb.tooltip.value = null;
    };
    document.addEventListener("pointerdown", close);
    document.addEventListener("keydown", close);
    return () => {
      document.removeEventListener("pointerdown", close);
      document.removeEventListener("keydown", close);
    };
  }, [tip]);
  if (!tip) return null;
  return <pre class="inspect" role="tooltip" tabIndex={0} style={{ left: `${Math.max(4, Math.min(tip.left, innerWidth - 480))}px`, top: `${Math.min(tip.top, innerHeight - 220)}px` }} dangerouslySetInnerHTML={{ __html: tip.html }} />;
}

function outputContext(nb: Notebook): OutputContext {
  const folder = computed(() => dirOf(nb.session.path.value));
  return {
    trusted: nb.trusted,
    trust: () => nb.trust(),
    relative: computed(() => beside(folder.value)),
    blob: api.blob,
    loader: () => libraries(nb),
    onAnchor: (name) => {
      const cell = nb.cells.list.peek().find((one) => one.type.peek() === "markdown" && one.text.split("\n").some((line) => slug(line.replace(/^\s*#+\s*/, "")) === name));
      if (cell) nb.select(cell.id);
    },
  };
}

/** Plotting libraries load once per notebook and are used by later cells; each frame stands alone, so it gets the loaders along. */
function libraries(nb: Notebook): string {
  const scripts: string[] = [];
  for (const cell of nb.cells.list.peek()) {
    for (const output of outputsOf(cell)) {
      const data = ((output as { get?: (key: string) => unknown }).get?.("data") ?? {}) as Record<string, unknown>;
      if ("application/vnd.bokehjs_load.v0+json" in data) scripts.push(joined(data["application/javascript"]) || joined(data["application/vnd.bokehjs_load.v0+json"]));
      else if (choose(data).kind === "frame" && /plotly\.js v\d/.test(joined(data["text/html"]).slice(0, 4000))) return joined(data["text/html"]);
    }
  }
  return scripts.map((script) => `<script>${script.replace(/<\/script/gi, "<\\/script")}</script>`).join("");
}

function hostsOf(nb: Notebook): Hosts {
  return {
    hostFor: (cell: Cell): EditorHost => ({
      onKey: (event) => {
        const command = keyboard.press("edit", keyOf(event), event.timeStamp);
        if (command === null || command === "wait") return false;
        // Completion and multiple selections use Escape first.
        if (command === "command" && event.key === "Escape" && busyWithEscape(event)) return false;
        if (!perform(nb, command)) return false;
        event.preventDefault();
        event.stopPropagation();
        return true;
      },
      onFiles: (data, at) => attach(nb, cell, picturesOf(data), at),
      onLeave: (direction) => nb.step(direction, { edit: true }),
      onFocus: () => {
        if (nb.active.peek() !== cell.id || nb.mode.peek() !== "edit") {
          nb.history.cut();
          nb.active.value = cell.id;
          nb.anchor.value = cell.id;
          nb.mode.value = "edit";
        }
      },
      onBlur: () => {
        if (nb.active.peek() === cell.id && nb.mode.peek() === "edit" && document.hasFocus()) requestAnimationFrame(() => {
          const inside = document.activeElement?.closest(".cm-editor");
          if (!inside && nb.active.peek() === cell.id && document.hasFocus()) nb.mode.value = "command";
        });
      },
      complete: cell.type.peek() === "code" ? (context) => complete(nb, context) : null,
      inspect: (view) => inspect(nb, view),
    }),
  };
}

const keyboard = new Keyboard(mac);
const keyOf = (event: KeyboardEvent) => ({ key: event.key, shift: event.shiftKey, ctrl: event.ctrlKey, alt: event.altKey, meta: event.metaKey });

function busyWithEscape(event: KeyboardEvent): boolean {
  return document.querySelector(".cm-tooltip-autocomplete") !== null && (event.target as Element).closest(".cm-editor") !== null;
}

/** What the page does as a whole: keys in command mode, title, address, notices, the question before leaving. */
function attend(nb: Notebook): () => void {
  const { session } = nb;
  const stops = [
    effect(() => {
      const path = session.path.value;
      const mark = session.standing.value.kind === "saved" ? "" : "• ";
      document.title = `${mark}${nameOf(path) || "Untitled"} · Notebook Hub`;
      const href = hrefOf(path ? { page: "notebook", path } : { page: "room", id: session.id });
      if (location.pathname !== href) history.replaceState(null, "", href + location.hash);
    }),
    effect(() => {
      if (session.returned.value) tell("Edits that had not reached the hub when you left are in the notebook now.");
    }),
    effect(() => {
      // The first cell is the active one until somebody chooses; nobody's focus is taken for it.
      if (session.synced.value && nb.active.peek() === "") nb.select(nb.cells.list.value[0]?.id ?? "", { focus: document.activeElement === document.body, scroll: false });
    }),
  ];
  nb.presence.onChange = (name, what) => tell(`${name} ${what}`);
  session.onEvent = (type, data) => {
    if (type === "path_changed" && data.path) tell(`This notebook is now ${String(data.path)}${data.by ? `, says ${String(data.by)}` : ""}`);
  };
  const key = (event: KeyboardEvent) => commandKey(nb, event);
  const leave = (event: BeforeUnloadEvent) => {
    if (session.pending.peek() > 0) event.preventDefault();
  };
  document.addEventListener("keydown", key);
  document.addEventListener("dragover", stayHere);
  document.addEventListener("drop", stayHere);
  window.addEventListener("beforeunload", leave);
  return () => {
    for (const stop of stops) stop();
    document.removeEventListener("keydown", key);
    document.removeEventListener("dragover", stayHere);
    document.removeEventListener("drop", stayHere);
    window.removeEventListener("beforeunload", leave);
  };
}

/** A file that is dropped where nothing takes it would replace the page by itself. */
function stayHere(event: DragEvent): void {
  if (event.defaultPrevented || !event.dataTransfer?.types.includes("Files")) return;
  event.preventDefault();
  if (event.type === "drop") tell("Pictures can be dropped into Markdown cells, notebooks onto the list of notebooks.");
}

/** A key outside of editors, fields and open dialogs. */
function commandKey(nb: Notebook, event: KeyboardEvent): void {
  if (event.defaultPrevented || event.isComposing) return;
  const target = event.target as HTMLElement;
  if (target.closest("input, textarea, select, [contenteditable=true], dialog, [role=menu], .findbar")) {
    // Saving and finding are for the whole page, wherever the focus is.
    if (!((event.ctrlKey || event.metaKey) && ["s", "f"].includes(event.key.toLowerCase()) && !target.closest("dialog"))) return;
  }
  const plain = event.key === "Enter" || event.key === " ";
  if (plain && !event.shiftKey && !event.ctrlKey && !event.metaKey && target.closest("button, a, summary, [role=button]")) return;
  // With text selected these are the browser's.
  if ((event.ctrlKey || event.metaKey) && ["c", "x", "v"].includes(event.key.toLowerCase())) return;
  if (["ArrowUp", "ArrowDown", "ArrowLeft", "ArrowRight", " ", "Home", "End"].includes(event.key) && target.closest(".scrolled, .difference, .html-box, .inspect, .topbar")) return;
  const command = keyboard.press("command", keyOf(event), event.timeStamp);
  if (command === null) return;
  if (command === "wait" || perform(nb, command)) event.preventDefault();
}

