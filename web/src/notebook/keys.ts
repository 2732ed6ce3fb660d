// Jupyter's keyboard: which key does what in command and in edit mode. Pure, so that it can be tested key by key.

export type Mode = "command" | "edit";

export type Command =
  | "edit" | "command" | "run-advance" | "run" | "run-insert" | "run-all" | "insert-above" | "insert-below" | "delete" | "undo" | "redo"
  | "to-markdown" | "to-code" | "to-raw" | "cut" | "copy" | "paste" | "paste-above" | "up" | "down" | "extend-up" | "extend-down"
  | "select-all" | "first" | "last" | "move-up" | "move-down" | "merge" | "split" | "save" | "find" | "help" | "interrupt" | "restart" | "toggle-output"
  | "toggle-scroll" | "toggle-lines" | "toggle-all-lines" | "collapse" | "heading-1" | "heading-2" | "heading-3" | "heading-4" | "heading-5" | "heading-6"
  | "page-down" | "page-up" | "palette" | "fold-heading" | "unfold-heading";

export interface Key { key: string; shift?: boolean; ctrl?: boolean; alt?: boolean; meta?: boolean }

interface Binding { mode: Mode | "both"; keys: string; command: Command; help: string }

/** What the editor itself does, for the help sheet. */
export const editorKeys: Array<{ keys: string[]; help: string }> = [
  { keys: ["Tab"], help: "Complete, or indent" },
  { keys: ["Shift-Tab"], help: "Tell about the name at the cursor, or indent less" },
  { keys: ["Mod-/"], help: "Comment or uncomment the lines" },
  { keys: ["Mod-]", "Mod-["], help: "Indent more, less" },
];

/** Every binding, in the order of the help sheet. "Mod" is Ctrl, and Cmd on a Mac. */
export const bindings: Binding[] = [
  { mode: "both", keys: "Shift-Enter", command: "run-advance", help: "Run, then go to the next cell" },
  { mode: "both", keys: "Mod-Enter", command: "run", help: "Run" },
  { mode: "both", keys: "Alt-Enter", command: "run-insert", help: "Run, then insert a cell below" },
  { mode: "both", keys: "Mod-s", command: "save", help: "Save to the file" },
  { mode: "both", keys: "Mod-f", command: "find", help: "Find and replace" },
  { mode: "edit", keys: "Escape", command: "command", help: "Go to command mode" },
  { mode: "edit", keys: "Mod-m", command: "command", help: "Go to command mode" },
  { mode: "edit", keys: "Mod-Shift--", command: "split", help: "Split the cell at the cursor" },
  { mode: "edit", keys: "Mod-z", command: "undo", help: "Undo what you did" },
  { mode: "edit", keys: "Mod-Shift-z", command: "redo", help: "Redo" },
  { mode: "edit", keys: "Mod-y", command: "redo", help: "Redo" },
  { mode: "command", keys: "Enter", command: "edit", help: "Edit the cell" },
  { mode: "command", keys: "ArrowUp", command: "up", help: "Cell above" },
  { mode: "command", keys: "k", command: "up", help: "Cell above" },
  { mode: "command", keys: "ArrowDown", command: "down", help: "Cell below" },
  { mode: "command", keys: "j", command: "down", help: "Cell below" },
  { mode: "command", keys: "Shift-ArrowUp", command: "extend-up", help: "Extend the selection up" },
  { mode: "command", keys: "Shift-K", command: "extend-up", help: "Extend the selection up" },
  { mode: "command", keys: "Shift-ArrowDown", command: "extend-down", help: "Extend the selection down" },
  { mode: "command", keys: "Shift-J", command: "extend-down", help: "Extend the selection down" },
  { mode: "command", keys: "Mod-a", command: "select-all", help: "Select all cells" },
  { mode: "command", keys: "Home", command: "first", help: "First cell" },
  { mode: "command", keys: "Mod-ArrowUp", command: "first", help: "First cell" },
  { mode: "command", keys: "End", command: "last", help: "Last cell" },
  { mode: "command", keys: "Mod-ArrowDown", command: "last", help: "Last cell" },
  { mode: "command", keys: "a", command: "insert-above", help: "Insert a cell above" },
  { mode: "command", keys: "b", command: "insert-below", help: "Insert a cell below" },
  { mode: "command", keys: "d d", command: "delete", help: "Delete the cells" },
  { mode: "command", keys: "z", command: "undo", help: "Undo what you did" },
  { mode: "command", keys: "Mod-z", command: "undo", help: "Undo what you did" },
  { mode: "command", keys: "Shift-Z", command: "redo", help: "Redo" },
  { mode: "command", keys: "Mod-Shift-z", command: "redo", help: "Redo" },
  { mode: "command", keys: "m", command: "to-markdown", help: "Make it Markdown" },
  { mode: "command", keys: "y", command: "to-code", help: "Make it code" },
  { mode: "command", keys: "r", command: "to-raw", help: "Make it raw" },
  ...([1, 2, 3, 4, 5, 6] as const).map((n): Binding => ({ mode: "command", keys: String(n), command: `heading-${n}`, help: "Make it a heading of that level" })),
  { mode: "command", keys: "x", command: "cut", help: "Cut the cells" },
  { mode: "command", keys: "c", command: "copy", help: "Copy the cells" },
  { mode: "command", keys: "v", command: "paste", help: "Paste below" },
  { mode: "command", keys: "Shift-V", command: "paste-above", help: "Paste above" },
  { mode: "command", keys: "Shift-M", command: "merge", help: "Merge the selected cells, or with the cell below" },
  { mode: "command", keys: "Mod-Shift-ArrowUp", command: "move-up", help: "Move the cells up" },
  { mode: "command", keys: "Alt-ArrowUp", command: "move-up", help: "Move the cells up" },
  { mode: "command", keys: "Mod-Shift-ArrowDown", command: "move-down", help: "Move the cells down" },
  { mode: "command", keys: "Alt-ArrowDown", command: "move-down", help: "Move the cells down" },
  { mode: "command", keys: "s", command: "save", help: "Save to the file" },
  { mode: "command", keys: "f", command: "find", help: "Find and replace" },
  { mode: "command", keys: "o", command: "toggle-output", help: "Hide or show the outputs" },
  { mode: "command", keys: "Shift-O", command: "toggle-scroll", help: "Scroll long outputs, or show them whole" },
  { mode: "command", keys: "l", command: "toggle-lines", help: "Line numbers" },
  { mode: "command", keys: "Shift-L", command: "toggle-all-lines", help: "Line numbers in all cells" },
  { mode: "command", keys: "-", command: "collapse", help: "Collapse or open the cell" },
  { mode: "command", keys: "ArrowLeft", command: "fold-heading", help: "Fold the section of a heading" },
  { mode: "command", keys: "ArrowRight", command: "unfold-heading", help: "Unfold it" },
  { mode: "command", keys: "i i", command: "interrupt", help: "Interrupt the kernel" },
  { mode: "command", keys: "0 0", command: "restart", help: "Restart the kernel" },
  { mode: "command", keys: "Space", command: "page-down", help: "Scroll down" },
  { mode: "command", keys: "Shift-Space", command: "page-up", help: "Scroll up" },
  { mode: "command", keys: "h", command: "help", help: "This sheet" },
  { mode: "command", keys: "Shift-?", command: "help", help: "This sheet" },
];

/** Names a key press the way that bindings do. */
export function chord(event: Key, mac = false): string {
  const parts: string[] = [];
  if (mac ? event.meta : event.ctrl) parts.push("Mod");
  if (mac ? event.ctrl : event.meta) parts.push(mac ? "Mod" : "Meta");
  if (event.alt) parts.push("Alt");
  if (event.shift) parts.push("Shift");
  let key = event.key === " " ? "Space" : event.key;
  // With a modifier the letter's case is the keyboard's, not the person's; and "_" is what Shift makes of "-".
  if (key.length === 1 && (event.ctrl || event.meta || event.alt)) key = key === "_" ? "-" : key.toLowerCase();
  else if (key.length === 1 && event.shift) key = key.toUpperCase();
  else if (key.length === 1) key = key.toLowerCase();
  return [...parts, key].join("-");
}

const table = new Map<string, Command>();
const firsts = new Set<string>();
for (const { mode, keys, command } of bindings) {
  const [first, second] = keys.split(" ");
  for (const m of mode === "both" ? (["command", "edit"] as const) : [mode]) {
    table.set(`${m} ${keys}`, command);
    if (second) firsts.add(`${m} ${first}`);
  }
}

/** Turns key presses into commands; keeps the first half of "d d" for a moment. */
export class Keyboard {
  private held = "";
  private at = 0;

  /** mac: Cmd is Mod, Ctrl as well. patience: milliseconds between the halves of a double key. */
  constructor(private readonly mac = false, private readonly patience = 700) {}

  /** The command for a key press, "wait" for the first half of one, null for none. */
  press(mode: Mode, event: Key, now: number): Command | "wait" | null {
    const name = chord(event, this.mac);
    const held = now - this.at <= this.patience ? this.held : "";
    this.held = "";
    const double = held ? table.get(`${mode} ${held} ${name}`) : undefined;
    if (double) return double;
    const single = table.get(`${mode} ${name}`);
    if (single) return single;
    if (!firsts.has(`${mode} ${name}`)) return null;
    this.held = name;
    this.at = now;
    return "wait";
  }
}
