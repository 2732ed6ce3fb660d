// What can be done to notebooks from the list.
import { api, type Entry, Problem, type RoomInfo } from "../api";
import { go } from "../router";
import { askText, confirm } from "../ui/dialog";
import { complain, tell } from "../ui/notice";
import type { Home } from "./model";
import { checkPath, dirOf, nameOf, withSuffix, within } from "./paths";

/** Starts a notebook that has no file yet and goes there. */
export async function startNew(home: Home): Promise<void> {
  const path = await askText("New notebook", {
    label: home.dir ? `Name in ${home.dir}` : "Name", value: freeName(home), action: "Create", note: "The file is written with the first save.", check: checkPath,
  });
  if (path === null) return;
  try {
    const room = await api.open(within(home.dir, withSuffix(path)), true);
    go({ page: "notebook", path: room.path || within(home.dir, withSuffix(path)) });
  } catch (error) {
    complain("Not created", error);
  }
}

function freeName(home: Home): string {
  const taken = new Set((home.entries.peek() ?? []).map((entry) => nameOf(entry.path)));
  if (!taken.has("Untitled.ipynb")) return "Untitled.ipynb";
  let n = 1;
  while (taken.has(`Untitled ${n}.ipynb`)) n++;
  return `Untitled ${n}.ipynb`;
}

/** Starts a notebook without a name: it lives in the hub until it is saved. */
export async function startUntitled(): Promise<void> {
  try {
    const room = await api.untitled();
    go({ page: "room", id: room.id });
  } catch (error) {
    complain("Not created", error);
  }
}

/** Renames or moves a notebook, open or not. */
export async function rename(home: Home, entry: Entry): Promise<void> {
  const path = await askText("Rename", { label: "File in the notebooks folder", value: entry.path, action: "Rename", check: checkPath });
  if (path === null || withSuffix(path) === entry.path) return;
  await attempt(home, "Not renamed", async () => {
    // Renaming goes through the room, so that whoever has the notebook open stays in it.
    const room = entry.room ?? (await api.open(entry.path));
    await api.rename(room.id, withSuffix(path));
  });
}

export async function duplicate(home: Home, entry: Entry): Promise<void> {
  await attempt(home, "Not copied", async () => {
    const { path } = await api.copy(entry.path);
    tell(`Copied to ${path}`);
  });
}

/** Moves a notebook to the trash; the notice takes it back. */
export async function trash(home: Home, entry: Entry): Promise<void> {
  const peers = entry.room?.peers.length ?? 0;
  const who = peers > 0 ? ` It is open in ${peers === 1 ? "one page" : `${peers} pages`} now; they are closed.` : "";
  if (!(await confirm(`Delete ${nameOf(entry.path)}?`, `It goes to the trash and can be restored.${who}`, "Delete", true))) return;
  await attempt(home, "Not deleted", async () => {
    const gone = (await api.trash(entry.path)) as { id?: string } | undefined;
    const back = gone?.id ? { label: "Restore", act: () => void attempt(home, "Not restored", () => api.untrash(gone.id!)) } : undefined;
    tell(`${nameOf(entry.path)} is in the trash`, "plain", back);
  });
}

export async function closeRoom(home: Home, room: RoomInfo): Promise<void> {
  await attempt(home, "Not closed", () => api.close(room.id));
}

/** Moves a notebook that is in no file to the trash. */
export async function discard(home: Home, room: RoomInfo): Promise<void> {
  const who = room.peers.length > 0 ? " It is open in a page now, which is closed." : "";
  if (!(await confirm("Delete this untitled notebook?", `It goes to the trash, from where it can be put into a file.${who}`, "Delete", true))) return;
  await attempt(home, "Not deleted", async () => {
    await api.discard(room.id);
    tell("The untitled notebook is in the trash");
  });
}

/** Uploads notebooks into the folder; one that is there already is replaced only after asking. */
export async function upload(home: Home, files: Iterable<File>): Promise<void> {
  for (const file of files) {
    if (!file.name.endsWith(".ipynb")) {
      tell(`${file.name} is no notebook: its name does not end in .ipynb`, "bad");
      continue;
    }
    await uploadOne(home, file);
  }
  await home.load();
}

async function uploadOne(home: Home, file: File): Promise<void> {
  const path = within(home.dir, file.name);
  try {
    await api.upload(path, file);
    tell(`${file.name} uploaded`);
  } catch (error) {
    const taken = error instanceof Problem && (error.status === 412 || error.code === "file_exists");
    if (!taken) return complain(`${file.name} not uploaded`, error);
    if (!(await confirm("Replace the notebook?", `${path} is there already. Its present content is kept as a version.`, "Replace", true))) return;
    await api.upload(path, file, true).then(() => tell(`${file.name} replaced`), (again: unknown) => complain(`${file.name} not uploaded`, again));
  }
}

async function attempt(home: Home, what: string, act: () => Promise<unknown>): Promise<void> {
  try {
    await act();
  } catch (error) {
    complain(what, error);
  }
  await home.load();
}

/** The folder above, null at the root. */
export function above(dir: string): string | null {
  return dir === "" ? null : dirOf(dir);
}
