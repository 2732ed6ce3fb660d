// What each command of the keyboard does.
import { complain } from "../ui/notice";
import { confirm } from "../ui/dialog";
import { showHelp } from "./help";
import type { Command } from "./keys";
import { headingLevel } from "./focus";
import type { Notebook } from "./notebook";
import { save } from "./files";

/** Does a command. Returns false when it means nothing here, so that the key stays the browser's. */
export function perform(nb: Notebook, command: Command): boolean {
  const cell = nb.current();
  const chosen = () => nb.chosen().map((one) => one.id);
  switch (command) {
    case "edit": return cell ? (nb.edit(cell.id), true) : false;
    case "command": return leaveEditor(nb);
    case "run-advance": return runAdvance(nb);
    case "run": return stay(nb, () => void nb.run(chosen()));
    case "run-insert": return done(() => { void nb.run(chosen()); nb.insert("below", "code", true); });
    case "run-all": return done(() => nb.runAll());
    case "insert-above": return done(() => nb.insert("above"));
    case "insert-below": return done(() => nb.insert("below"));
    case "delete": return done(() => nb.remove());
    case "undo": return done(() => nb.undo());
    case "redo": return done(() => nb.redo());
    case "to-markdown": return done(() => nb.retype("markdown"));
    case "to-code": return done(() => nb.retype("code"));
    case "to-raw": return done(() => nb.retype("raw"));
    case "heading-1": case "heading-2": case "heading-3": case "heading-4": case "heading-5": case "heading-6":
      return done(() => nb.heading(Number(command.slice(-1))));
    case "cut": return done(() => nb.cut());
    case "copy": return done(() => nb.copy());
    case "paste": return done(() => nb.paste("below"));
    case "paste-above": return done(() => nb.paste("above"));
    case "up": return done(() => nb.step(-1));
    case "down": return done(() => nb.step(1));
    case "extend-up": return done(() => nb.step(-1, { extend: true }));
    case "extend-down": return done(() => nb.step(1, { extend: true }));
    case "select-all": return done(() => { nb.anchor.value = nb.order[0] ?? ""; nb.select(nb.order[nb.order.length - 1] ?? "", { extend: true, scroll: false }); });
    case "first": return done(() => nb.select(nb.order[0] ?? ""));
    case "last": return done(() => nb.select(nb.order[nb.order.length - 1] ?? ""));
    case "move-up": return done(() => nb.move(-1));
    case "move-down": return done(() => nb.move(1));
    case "merge": return done(() => nb.merge());
    case "split": return done(() => nb.split());
    case "save": return done(() => void save(nb));
    case "find": return done(() => (nb.finding.value = "find"));
    case "help": return done(() => void showHelp());
    case "interrupt": return done(() => void nb.interrupt());
    case "restart": return done(() => void askRestart(nb, false));
    case "toggle-output": return done(() => nb.chosen().forEach((one) => nb.setHidden(one, "outputs", !isHidden(one.metadata.peek(), "outputs"))));
    case "toggle-scroll": return done(() => nb.chosen().forEach((one) => nb.setScrolled(one, one.metadata.peek().scrolled !== true)));
    case "toggle-lines": case "toggle-all-lines": return done(() => nb.toggleLines());
    case "collapse": return done(() => nb.chosen().forEach((one) => nb.setHidden(one, "source", !isHidden(one.metadata.peek(), "source"))));
    case "fold-heading": return cell && headingLevel(cell) ? done(() => nb.fold(cell.id, true)) : false;
    case "unfold-heading": return cell && nb.folded.peek().has(cell.id) ? done(() => nb.fold(cell.id, false)) : false;
    case "page-down": return done(() => scrollBy({ top: innerHeight * 0.8 }));
    case "page-up": return done(() => scrollBy({ top: -innerHeight * 0.8 }));
    default: return false;
  }
}

function done(act: () => unknown): true {
  act();
  return true;
}

function leaveEditor(nb: Notebook): boolean {
  if (nb.tooltip.peek()) nb.tooltip.value = null;
  nb.command();
  return true;
}

function stay(nb: Notebook, act: () => void): boolean {
  const { mode } = nb;
  act();
  if (mode.peek() === "edit") nb.command();
  return true;
}

function runAdvance(nb: Notebook): boolean {
  const ids = nb.chosen().map((cell) => cell.id);
  void nb.run(ids);
  const order = nb.order;
  const next = order[order.indexOf(ids[ids.length - 1] ?? "") + 1];
  if (next) nb.select(next);
  else {
    nb.select(ids[ids.length - 1] ?? "", { focus: false });
    nb.insert("below", "code", true);
  }
  return true;
}

/** Whether Jupyter's metadata hides a part of a cell. */
export function isHidden(metadata: Record<string, unknown>, part: "source" | "outputs"): boolean {
  const jupyter = metadata.jupyter as Record<string, unknown> | undefined;
  return jupyter?.[`${part}_hidden`] === true || (part === "outputs" && metadata.collapsed === true);
}

/** Restarts the kernel after asking, and runs everything if wished. */
export async function askRestart(nb: Notebook, runAll: boolean): Promise<void> {
  const text = "All variables are lost, for everybody in this notebook. The cells and their outputs stay.";
  if (!(await confirm("Restart the kernel?", text, runAll ? "Restart and run all" : "Restart", true))) return;
  try {
    if ((await nb.restart()) && runAll) nb.runAll();
  } catch (error) {
    complain("Not restarted", error);
  }
}
