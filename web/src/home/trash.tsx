// What was deleted, and how it comes back.
import { useEffect, useState } from "preact/hooks";
import { api, Problem, type TrashEntry } from "../api";
import { bytes } from "../bytes";
import { ask, askText } from "../ui/dialog";
import { complain, tell } from "../ui/notice";
import { ago, type Home } from "./model";
import { checkPath, withSuffix } from "./paths";

export async function showTrash(home: Home): Promise<void> {
  const chosen = await ask<TrashEntry>("Trash", (done) => <List done={done} />, true);
  if (chosen) await restore(home, chosen);
}

function List({ done }: { done: (entry: TrashEntry | null) => void }) {
  const [entries, setEntries] = useState<TrashEntry[] | null>(null);
  const [trouble, setTrouble] = useState("");
  useEffect(() => void api.trashed().then(setEntries, (error: Error) => setTrouble(error.message)), []);
  return (
    <>
      {trouble && <p class="note bad">{trouble}</p>}
      {entries?.length === 0 && <p>The trash is empty.</p>}
      <ul class="versions" tabIndex={0} aria-label="Deleted notebooks">
        {entries?.map((entry) => (
          <li key={entry.id}>
            <span><strong>{entry.path || "Untitled notebook"}</strong> deleted {ago(entry.deleted)}{entry.by ? ` by ${entry.by}` : ""}, {bytes(entry.size)}</span>
            <button type="button" class="small" onClick={() => done(entry)}>Restore</button>
          </li>
        ))}
      </ul>
      <div class="dialog-actions"><button type="button" class="primary" onClick={() => done(null)}>Close</button></div>
    </>
  );
}

/** Puts a notebook back; when its place is taken, asks for another one. */
async function restore(home: Home, entry: TrashEntry, to?: string): Promise<void> {
  if (!entry.path && to === undefined) {
    const name = await askText("Restore as", { label: "File in the notebooks folder", value: "Untitled.ipynb", note: "It was in no file.", action: "Restore", check: checkPath });
    return name === null ? undefined : restore(home, entry, withSuffix(name));
  }
  try {
    const { path } = await api.untrash(entry.id, to);
    tell(`${path} is back`);
  } catch (error) {
    if (error instanceof Problem && ["file_exists", "path_already_open"].includes(error.code)) {
      const other = await askText("Restore as", { label: "File in the notebooks folder", value: to ?? entry.path, note: "Its old place is taken.", action: "Restore", check: checkPath });
      if (other !== null) return restore(home, entry, withSuffix(other));
    } else complain("Not restored", error);
  }
  await home.load();
}
