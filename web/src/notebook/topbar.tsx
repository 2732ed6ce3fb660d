// The bar above a notebook: where one is, how it stands, who is here, and what runs.
import { api } from "../api";
import { initials, me } from "../identity";
import { askWho } from "../who";
import { dirOf, nameOf } from "../home/paths";
import { Link } from "../router";
import { choice, choose } from "../theme";
import { Icon } from "../ui/icons";
import { type Item, Menu } from "../ui/menu";
import { confirm } from "../ui/dialog";
import { complain } from "../ui/notice";
import { askRestart } from "./commands";
import { download, rename, save, saveAs } from "./files";
import { showHelp } from "./help";
import { KernelState } from "./kernel";
import type { Notebook } from "./notebook";
import { SavingState } from "./status";
import { showVersions } from "./versions";

export function TopBar({ nb }: { nb: Notebook }) {
  const path = nb.session.path.value;
  const busy = nb.session.queue.value.length > 0;
  return (
    <header class="topbar">
      <Link class="quiet home-link" place={{ page: "home", dir: dirOf(path) }} label="All notebooks"><Icon name="back" /></Link>
      <div class="title">
        <button type="button" class="title-button" title="Rename" disabled={nb.readOnly} onClick={() => void rename(nb)}>
          {dirOf(path) && <span class="title-dir">{dirOf(path)}/</span>}
          <span class="title-name">{nameOf(path) || "Untitled"}</span>
        </button>
      </div>
      <SavingState nb={nb} />
      <div class="spacer" />
      <div class="runbar" role="toolbar" aria-label="Run">
        <button type="button" class="quiet" disabled={nb.readOnly} title="Run the selected cells (Shift-Enter)" aria-label="Run the selected cells" onClick={() => void nb.run(nb.chosen().map((cell) => cell.id))}><Icon name="play" /></button>
        <button type="button" class="quiet" disabled={nb.readOnly || !busy} title="Interrupt (I, I)" aria-label="Interrupt" onClick={() => void nb.interrupt()}><Icon name="stop" /></button>
        <Menu label="Run" items={() => runItems(nb)}><Icon name="fold" size={14} /></Menu>
      </div>
      <KernelState nb={nb} />
      <People nb={nb} />
      <Menu label="More" items={() => moreItems(nb)}><Icon name="more" /></Menu>
    </header>
  );
}

function runItems(nb: Notebook): Item[] {
  const off = nb.readOnly;
  return [
    { label: "Run all", act: () => nb.runAll("all"), disabled: off },
    { label: "Run all above", act: () => nb.runAll("above"), disabled: off },
    { label: "Run this and all below", act: () => nb.runAll("below"), disabled: off },
    { label: "Restart and run all…", act: () => void askRestart(nb, true), disabled: off },
    { label: "", act: () => {}, divider: true },
    { label: "Clear all outputs", act: () => nb.clearOutputs(true), disabled: off },
  ];
}

function moreItems(nb: Notebook): Item[] {
  const off = nb.readOnly;
  return [
    { label: "Save", hint: "Ctrl S", act: () => void save(nb), disabled: off },
    { label: "Save as…", act: () => void saveAs(nb), disabled: off },
    { label: "Rename…", act: () => void rename(nb), disabled: off },
    { label: "Download", act: () => download(nb) },
    { label: "Former versions…", act: () => void showVersions(nb) },
    { label: "Close for everybody…", act: () => void close(nb), disabled: off },
    { label: "", act: () => {}, divider: true },
    { label: "Undo", hint: "Z", act: () => nb.undo(), disabled: off || !nb.history.canUndo.peek() },
    { label: "Redo", hint: "Shift Z", act: () => nb.redo(), disabled: off || !nb.history.canRedo.peek() },
    { label: "Find and replace…", hint: "Ctrl F", act: () => (nb.finding.value = "replace") },
    { label: nb.lineNumbers.peek() ? "Hide line numbers" : "Show line numbers", hint: "L", act: () => nb.toggleLines() },
    { label: "", act: () => {}, divider: true },
    ...themeItems(),
    { label: "", act: () => {}, divider: true },
    { label: "Keyboard…", hint: "H", act: () => void showHelp() },
  ];
}

/** The choice of light or dark, for menus. */
export function themeItems(): Item[] {
  return (["system", "light", "dark"] as const).map((value) => ({ label: { system: "Theme of the system", light: "Light", dark: "Dark" }[value], checked: choice.peek() === value, act: () => choose(value) }));
}

async function close(nb: Notebook): Promise<void> {
  const others = nb.presence.others.peek().length;
  const text = "It is saved, its kernel stops, and everybody here leaves it. Whoever opens it again finds it as it is now.";
  if ((others > 0 || nb.session.queue.peek().length > 0) && !(await confirm("Close this notebook for everybody?", text, "Close", true))) return;
  try {
    await api.close(nb.session.id);
  } catch (error) {
    complain("Not closed", error);
  }
}

function People({ nb }: { nb: Notebook }) {
  const others = nb.presence.others.value;
  const self = me.value;
  return (
    <div class="people" role="group" aria-label="People here">
      {others.slice(0, 5).map((someone) => (
        <button key={someone.client} type="button" class="avatar" data-initials={someone.initials} style={{ background: someone.color }} title={`${someone.name}: go to their cell`} aria-label={`${someone.name}: go to their cell`} onClick={() => nb.select(someone.cell || nb.active.peek())}>
        </button>
      ))}
      {others.length > 5 && <span class="avatar more">+{others.length - 5}</span>}
      <button type="button" class="avatar self" data-initials={initials(self.name)} style={{ background: self.color }} title={`You are ${self.name}`} aria-label={`You are ${self.name}: change`} onClick={() => void askWho().then(() => nb.presence.introduce())} />
    </div>
  );
}
