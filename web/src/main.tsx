// The browser client of Notebook Hub.
import { type ComponentType, render } from "preact";
import { useEffect, useState } from "preact/hooks";
import { api, type RoomInfo } from "./api";
import { hrefOf, type Place } from "./base";
import { HomePage } from "./home/home";
import { here } from "./router";
import { followTheme } from "./theme";
import { Dialogs } from "./ui/dialog";
import { Notices } from "./ui/notice";
import "./styles/page.css";

followTheme();

type Away = Extract<Place, { page: "notebook" | "room" }>;
type Page = ComponentType<{ place: Away; room: Promise<RoomInfo> }>;

const loadPage = () => import("./notebook/page");
// The room and the editor are fetched at the same time; from the list, the editor is fetched while nothing else is to be done.
if (here.value.page !== "home") void loadPage();
else window.setTimeout(() => void loadPage(), 1500);

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

/** The notebook's page brings the editor along; the list of notebooks does not wait for it. */
function Lazy({ place }: { place: Away }) {
  const [Shown, setShown] = useState<Page | null>(null);
  const [room] = useState(() => {
    const asked = place.page === "notebook" ? api.open(place.path) : api.room(place.id);
    // The page tells of a failure once it is there.
    asked.catch(() => {});
    return asked;
  });
  useEffect(() => void loadPage().then((module) => setShown(() => module.NotebookPage)), []);
  return Shown ? <Shown place={place} room={room} /> : <p class="boot">Opening…</p>;
}

const root = document.getElementById("app")!;
root.replaceChildren();
render(<App />, root);
