// The sheet of keys.
import { ask } from "../ui/dialog";
import { bindings, editorKeys } from "./keys";

const names: Record<string, string> = { ArrowUp: "↑", ArrowDown: "↓", ArrowLeft: "←", ArrowRight: "→", Escape: "Esc" };

/** Whether Cmd is what Ctrl is elsewhere. */
export const mac = /Mac|iPhone|iPad/.test(navigator.platform);

function Keys({ keys }: { keys: string }) {
  return (
    <span class="keys">
      {keys.split(" ").map((part) => (
        <kbd>{part.replace(/-(?=.)/g, "\u200a").split("\u200a").map((key) => names[key] ?? (key === "Mod" ? (mac ? "⌘" : "Ctrl") : key.length === 1 ? key.toUpperCase() : key)).join(" ")}</kbd>
      ))}
    </span>
  );
}

export async function showHelp(): Promise<void> {
  const part = (title: string, mode: "both" | "command" | "edit") => {
    const rows = new Map<string, string[]>();
    for (const binding of bindings.filter((b) => b.mode === mode)) rows.set(binding.help, [...(rows.get(binding.help) ?? []), binding.keys]);
    if (mode === "edit") for (const { keys, help } of editorKeys) rows.set(help, keys);
    return (
      <section>
        <h3>{title}</h3>
        <dl>
          {[...rows].map(([help, keys]) => (
            <div class="key-row"><dt>{keys.map((one) => <Keys keys={one} />)}</dt><dd>{help}</dd></div>
          ))}
        </dl>
      </section>
    );
  };
  await ask("Keyboard", (done) => (
    <>
      <div class="help-sheet" tabIndex={0} role="group" aria-label="Keys">
        {part("Always", "both")}
        {part("While writing in a cell", "edit")}
        {part("With a cell selected (Esc)", "command")}
      </div>
      <div class="dialog-actions"><button type="button" class="primary" autofocus onClick={() => done(null)}>Close</button></div>
    </>
  ), true);
}
