// The browser client of Notebook Hub.
import { type ComponentType, render } from "preact";
import { useEffect, useState } from "preact/hooks";
import { hrefOf, type Place } from "./base";
import { HomePage } from "./home/home";
import { here } from "./router";
import { followTheme } from "./theme";
import { Dialogs } from "./ui/dialog";
import { Notices } from "./ui/notice";
import "./styles/page.css";

followTheme();

type Page = ComponentType<{ place: Extract<Place, { page: "notebook" | "room" }> }>;

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
function Lazy({ place }: { place: Extract<Place, { page: "notebook" | "room" }> }) {
  const [Shown, setShown] = useState<Page | null>(null);
  useEffect(() => void import("./notebook/page").then((module) => setShown(() => module.NotebookPage)), []);
  return Shown ? <Shown place={place} /> : <p class="boot">Opening…</p>;
}

const root = document.getElementById("app")!;
root.replaceChildren();
render(<App />, root);
