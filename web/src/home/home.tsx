// The list of notebooks: what is in the folder, what is open, and who is there.
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { api, type Entry, type RoomInfo } from "../api";
import { kernelWords } from "../kernelwords";
import { initials, me, colorOf } from "../identity";
import { askWho } from "../who";
import { bytes } from "../bytes";
import { Link } from "../router";
import { choice, choose } from "../theme";
import { TokenForm } from "../token";
import { Icon } from "../ui/icons";
import { type Item, Menu } from "../ui/menu";
import { closeRoom, discard, duplicate, rename, startNew, startUntitled, trash, upload } from "./actions";
import { ago, Home } from "./model";
import { nameOf } from "./paths";
import { showTrash } from "./trash";
import "../styles/home.css";

export function HomePage({ dir }: { dir: string }) {
  const home = useMemo(() => new Home(dir), [dir]);
  const [over, setOver] = useState(false);
  useEffect(() => () => home.destroy(), [home]);
  useEffect(() => {
    document.title = dir ? `${nameOf(dir)} · Notebook Hub` : "Notebook Hub";
  }, [dir]);
  const trouble = home.trouble.value;
  return (
    <div
      class={over ? "home drop-over" : "home"}
      onDragOver={(event) => {
        if (!event.dataTransfer?.types.includes("Files")) return;
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={(event) => {
        if (event.currentTarget === event.target || !event.relatedTarget) setOver(false);
      }}
      onDrop={(event) => {
        if (!event.dataTransfer?.files.length) return;
        event.preventDefault();
        setOver(false);
        void upload(home, event.dataTransfer.files);
      }}
    >
      <Head home={home} />
      <main>
        {trouble && <Trouble home={home} />}
        {trouble?.code !== "unauthorized" && (
          <>
            {!home.search.value && <OpenNow home={home} />}
            <Folder home={home} />
          </>
        )}
      </main>
      {over && <div class="drop-hint" aria-hidden="true">Drop notebooks to upload them{dir ? ` into ${dir}` : ""}</div>}
    </div>
  );
}

function Head({ home }: { home: Home }) {
  const file = useRef<HTMLInputElement>(null);
  const search = useRef<HTMLInputElement>(null);
  useEffect(() => {
    const key = (event: KeyboardEvent) => {
      if (event.key === "/" && !(event.target as Element).closest("input, textarea, select, dialog, [role=menu]")) {
        event.preventDefault();
        search.current?.focus();
      }
    };
    document.addEventListener("keydown", key);
    return () => document.removeEventListener("keydown", key);
  }, []);
  const more = (): Item[] => [
    { label: "New untitled notebook", act: () => void startUntitled() },
    { label: "Trash…", act: () => void showTrash(home) },
    { label: "", act: () => {}, divider: true },
    ...(["system", "light", "dark"] as const).map((value): Item => ({ label: { system: "Theme of the system", light: "Light", dark: "Dark" }[value], checked: choice.peek() === value, act: () => choose(value) })),
  ];
  return (
    <header class="home-head">
      <div class="home-title">
        <img src="favicon.svg" alt="" width="28" height="28" />
        <h1>Notebooks</h1>
        <button type="button" class="avatar self" data-initials={initials(me.value.name)} style={{ background: me.value.color }} title={`You are ${me.value.name}`} aria-label={`You are ${me.value.name}: change`} onClick={() => void askWho()} />
      </div>
      <div class="home-tools">
        <label class="search">
          <Icon name="search" />
          <input ref={search} type="search" placeholder="Search by name" aria-label="Search by name" value={home.search.value} onInput={(event) => void home.look(event.currentTarget.value)} />
        </label>
        <button type="button" class="primary" onClick={() => void startNew(home)}><Icon name="plus" size={14} /> New notebook</button>
        <button type="button" onClick={() => file.current?.click()}><Icon name="upload" size={14} /> Upload</button>
        <input ref={file} type="file" accept=".ipynb" multiple hidden aria-label="Notebooks to upload" onChange={(event) => { void upload(home, event.currentTarget.files ?? []); event.currentTarget.value = ""; }} />
        <Menu label="More" items={more}><Icon name="more" /></Menu>
      </div>
    </header>
  );
}

function Trouble({ home }: { home: Home }) {
  const trouble = home.trouble.value!;
  if (trouble.code === "unauthorized") {
    return <section class="apart"><h2>The hub asks for its token</h2><p>{trouble.detail}</p><TokenForm /></section>;
  }
  return (
    <div class="home-trouble" role="alert">
      <Icon name="warn" />
      <span>{trouble.status === 404 ? "There is no such folder." : trouble.detail}</span>
      <button type="button" class="small" onClick={() => void home.load()}>Try again</button>
      {trouble.status === 404 && <Link class="button small" place={{ page: "home", dir: "" }}>All notebooks</Link>}
    </div>
  );
}

/** Open notebooks that the folder below does not show: in other folders, or in no file yet. */
function OpenNow({ home }: { home: Home }) {
  const shown = new Set((home.entries.value ?? []).map((entry) => entry.path));
  const rooms = home.rooms.value.filter((room) => !room.path || !shown.has(room.path));
  if (rooms.length === 0) return null;
  return (
    <section aria-labelledby="open-now">
      <h2 id="open-now">Also open</h2>
      <ul class="rows">
        {rooms.map((room) => (
          <li key={room.id} class={room.open === false ? "row" : "row is-open"}>
            <Icon name="notebook" />
            <span class="row-name">
              <Link class="row-link" place={room.path ? { page: "notebook", path: room.path } : { page: "room", id: room.id }}>{room.path || "Untitled notebook"}</Link>
              <RoomNote room={room} />
            </span>
            <span class="row-who"><Who room={room} /></span>
            <span class="row-time">{room.path ? "" : "in no file yet"}</span>
            <span class="row-size" />
            <Menu label={`More about ${room.path || "the untitled notebook"}`} items={() => openActions(home, room)}><Icon name="more" /></Menu>
          </li>
        ))}
      </ul>
    </section>
  );
}

function openActions(home: Home, room: RoomInfo): Item[] {
  const actions = [
    { label: "Download", act: () => {}, href: api.downloadRoom(room.id) },
    { label: "Save and close", act: () => void closeRoom(home, room), disabled: room.open === false },
  ];
  return room.path ? actions : [...actions, { label: "Delete…", act: () => void discard(home, room), danger: true }];
}

function Folder({ home }: { home: Home }) {
  const found = home.found.value;
  const entries = found ?? home.entries.value;
  const byPath = new Map(home.rooms.value.filter((room) => room.path).map((room) => [room.path, room]));
  return (
    <section aria-labelledby="folder">
      <Crumbs home={home} count={found?.length} />
      {entries === null && !home.trouble.value && <ul class="rows" aria-busy="true">{[0, 1, 2, 3].map((i) => <li key={i} class="row wait" />)}</ul>}
      {entries?.length === 0 && <p class="empty">{found ? "No notebook of that name." : home.dir ? "This folder holds no notebooks." : "There are no notebooks here yet. Create one, or drop files here to upload them."}</p>}
      {entries && entries.length > 0 && (
        <ul class="rows">
          {entries.map((entry) => <Row key={entry.path} home={home} entry={{ ...entry, room: byPath.get(entry.path) ?? (entry.room ?? null) }} whole={found !== null} />)}
        </ul>
      )}
      {home.truncated.value && <p class="note">There are more; search for them by name.</p>}
      <p class="feed note" role="status">{home.feed.value === "polling" ? "The live feed is interrupted: this list is read every ten seconds." : ""}</p>
    </section>
  );
}

function Crumbs({ home, count }: { home: Home; count?: number }) {
  const parts = home.dir ? home.dir.split("/") : [];
  if (count !== undefined) return <h2 id="folder">{count === 1 ? "1 match" : `${count} matches`}</h2>;
  return (
    <h2 id="folder" class="crumbs">
      {parts.length === 0 ? "All" : <Link place={{ page: "home", dir: "" }}>All</Link>}
      {parts.map((part, i) => (
        <span key={i}>
          <span class="slash" aria-hidden="true">/</span>
          {i === parts.length - 1 ? part : <Link place={{ page: "home", dir: parts.slice(0, i + 1).join("/") }}>{part}</Link>}
        </span>
      ))}
    </h2>
  );
}

function Row({ home, entry, whole }: { home: Home; entry: Entry; whole: boolean }) {
  const name = whole ? entry.path : nameOf(entry.path);
  if (entry.dir) {
    return (
      <li class="row folder">
        <Icon name="folder" />
        <span class="row-name"><Link class="row-link" place={{ page: "home", dir: entry.path }}>{name}</Link></span>
        <span class="row-who" /><span class="row-time" /><span class="row-size" /><span />
      </li>
    );
  }
  const { room } = entry;
  const items = (): Item[] => [
    { label: "Rename…", act: () => void rename(home, entry) },
    { label: "Duplicate", act: () => void duplicate(home, entry) },
    { label: "Download", act: () => {}, href: api.download(entry.path) },
    ...(room ? [{ label: "Save and close", act: () => void closeRoom(home, room) }] : []),
    { label: "", act: () => {}, divider: true },
    { label: "Delete…", act: () => void trash(home, entry), danger: true },
  ];
  return (
    <li class={room ? "row is-open" : "row"}>
      <Icon name="notebook" />
      <span class="row-name">
        <Link class="row-link" place={{ page: "notebook", path: entry.path }}>{name}</Link>
        {room && <RoomNote room={room} />}
      </span>
      <span class="row-who">{room && <Who room={room} />}</span>
      <span class="row-time" title={entry.modified}>{room?.saved ? `saved ${ago(room.saved.time)}` : ago(entry.modified)}</span>
      <span class="row-size">{bytes(entry.size)}</span>
      <Menu label={`More about ${name}`} items={items}><Icon name="more" /></Menu>
    </li>
  );
}

const stateWords: Record<string, string> = { missing: "file is gone", conflict: "conflict with the file", degraded: "storage is failing", read_only: "file is read-only", opening: "opening" };

/** What is to be known about an open notebook, in a few words. */
function RoomNote({ room }: { room: RoomInfo }) {
  const kernel = room.kernel && room.kernel.status !== "none" ? room.kernel : null;
  return (
    <span class="room-note">
      {stateWords[room.state] && <span class={`chip ${room.state === "conflict" || room.state === "degraded" ? "bad" : "warn"}`}>{stateWords[room.state]}</span>}
      {room.unsaved && room.path && <span class="chip">unsaved</span>}
      {kernel && <span class={`chip kernel-chip status-${kernel.status}`}><span class="kernel-dot" aria-hidden="true" />{kernel.display_name || kernel.name} {kernelWords(kernel.status)}</span>}
      {room.open === false && <span class="chip">at rest</span>}
    </span>
  );
}

function Who({ room }: { room: RoomInfo }) {
  const names = [...new Set(room.peers.map((peer) => peer.name || "Somebody"))];
  if (names.length === 0) return null;
  return (
    <span class="who-list" role="img" aria-label={`Here: ${names.join(", ")}`} title={names.join(", ")}>
      {names.slice(0, 4).map((name) => <span key={name} class="avatar tiny" style={{ background: name === me.value.name ? me.value.color : colorOf(name) }}>{initials(name)}</span>)}
      {names.length > 4 && <span class="avatar tiny more">+{names.length - 4}</span>}
    </span>
  );
}
