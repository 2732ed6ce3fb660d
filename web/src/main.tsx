// The browser client of Notebook Hub.
import { type ComponentType, render } from "preact";
import { useEffect, useLayoutEffect, useState } from "preact/hooks";
import { api } from "./api";
import { hrefOf, type Place } from "./base";
import { HomePage } from "./home/home";
import type { Session } from "./room/session";
import { here } from "./router";
import { followTheme } from "./theme";
import { Dialogs } from "./ui/dialog";
import { Notices } from "./ui/notice";
import "./styles/page.css";

followTheme();

type Away = Extract<Place, { page: "notebook" | "room" }>;
type Page = ComponentType<{ place: Away; session: Promise<Session> }>;

const loadPage = () => import("./notebook/page");
// From the list, the editor is fetched while nothing else is to be done.
if (here.value.page === "home") window.setTimeout(() => void loadPage().catch(() => {}), 1500);

function App() {
  const place = here.value;
  return (
    <>
      {place.page === "home" ? <HomePage key={place.dir} dir={place.dir} /> : <Lazy key={hrefOf(place)} place={place} />}
      <Dialogs />
      <Notices />
    </>
  );
}

/** Asks for the room and fetches what it takes to be in it at the same time; connects as soon as both are there. */
async function join(place: Away): Promise<Session> {
  const code = import("./room/session");
  code.catch(() => {}); // told below, unless the room has failed before
  const room = await (place.page === "notebook" ? api.open(place.path) : api.room(place.id));
  const { Session } = await code;
  return new Session(room.id, room.path, room.lineage);
}

/** The notebook's page brings the editor along; neither the list of notebooks nor the connection waits for it. */
function Lazy({ place }: { place: Away }) {
  const [Shown, setShown] = useState<Page | null>(null);
  const [away, setAway] = useState(false);
  const [session] = useState(() => {
    const joined = join(place);
    // The page tells of a failure once it is there.
    joined.catch(() => {});
    return joined;
  });
  useLayoutEffect(() => void loadPage().then((module) => setShown(() => module.NotebookPage), () => setAway(true)), []);
  useEffect(() => () => void session.then((one) => one.leave(), () => {}), []);
  if (away) return <p class="boot" role="alert">The hub does not answer. <button type="button" onClick={() => location.reload()}>Try again</button></p>;
  return Shown ? <Shown place={place} session={session} /> : <p class="boot">Opening…</p>;
}

const root = document.getElementById("app")!;
root.replaceChildren();
render(<App />, root);
