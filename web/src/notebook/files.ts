// Saving, naming and deciding: the actions behind the words of the saving state.
import { api, Problem } from "../api";
import { hrefOf } from "../base";
import { askText, confirm } from "../ui/dialog";
import { complain, tell } from "../ui/notice";
import { checkPath, withSuffix } from "../home/paths";
import { showDifference } from "./difference";
import { notebookJson } from "./export";
import type { Notebook } from "./notebook";
import type { Action } from "../room/saving";

interface SaveParams { path?: string; overwrite?: boolean; recreate?: boolean }

/** Saves to the notebook's own file; one that has none yet is asked for a name. */
export async function save(nb: Notebook): Promise<void> {
  if (nb.session.path.peek() === "") return saveAs(nb);
  await put(nb, {});
}

/** Saves under another name, which becomes the notebook's own. */
export async function saveAs(nb: Notebook, value?: string): Promise<void> {
  const now = nb.session.path.peek();
  const path = await askText(now ? "Save as" : "Name this notebook", {
    label: "File in the notebooks folder", value: value ?? (now || "Untitled.ipynb"), action: "Save",
    note: now ? "Everybody in this notebook moves along to the new file; the old file stays as it was last saved." : "Everybody in this notebook stays in it.",
    check: checkPath,
  });
  if (path === null) return;
  await put(nb, { path: withSuffix(path) });
}

async function put(nb: Notebook, params: SaveParams): Promise<void> {
  const { session } = nb;
  session.saving.value = true;
  try {
    const live = session.link.peek() === "live";
    const answer = live ? await session.request<{ path?: string; notes?: string[]; links?: number }>("save", { ...params }) : await api.save(session.id, params);
    session.failure.value = null;
    for (const note of answer?.notes ?? []) tell(note);
    if (params.path) tell(`Saved as ${params.path}`);
  } catch (error) {
    await failed(nb, params, error);
  } finally {
    session.saving.value = false;
  }
}

async function failed(nb: Notebook, params: SaveParams, error: unknown): Promise<void> {
  const problem = error instanceof Problem ? error : new Problem(0, "internal", String(error));
  if (params.path && problem.code === "file_exists") {
    const yes = await confirm("Replace the file?", `${params.path} is there already. Its present content is kept as a version.`, "Replace", true);
    return yes ? put(nb, { ...params, overwrite: true }) : undefined;
  }
  if (params.path && problem.code === "path_already_open") {
    tell(`${params.path} is open in another room. Nothing was written.`, "bad", { label: "Open it", act: () => window.open(hrefOf({ page: "notebook", path: params.path! }), "_blank") });
    return;
  }
  if (params.path) return complain(`Not saved as ${params.path}`, problem);
  nb.session.failure.value = { code: problem.code, detail: problem.detail };
}

/** Renames or moves the file together with the notebook. */
export async function rename(nb: Notebook): Promise<void> {
  const now = nb.session.path.peek();
  if (!now) return saveAs(nb);
  const path = await askText("Rename", { label: "File in the notebooks folder", value: now, action: "Rename", note: "The file moves, and everybody in this notebook with it.", check: checkPath });
  if (path === null || withSuffix(path) === now) return;
  try {
    await api.rename(nb.session.id, withSuffix(path));
  } catch (error) {
    complain("Not renamed", error);
  }
}

/** Keeps one side of a conflict. */
export async function resolve(nb: Notebook, keep: "room" | "disk"): Promise<boolean> {
  const words = keep === "room"
    ? ["Keep this notebook?", "The file on disk is replaced by what you see here. Its present content is kept as a version.", "Keep mine"]
    : ["Take the file from disk?", "What you see here is replaced by the file, for everybody. What is here now is kept as a version.", "Take the disk's"];
  if (!(await confirm(words[0]!, words[1]!, words[2]!, true))) return false;
  try {
    await api.resolve(nb.session.id, keep);
    nb.session.failure.value = null;
    tell(keep === "room" ? "This notebook was kept." : "The file was taken.");
    return true;
  } catch (error) {
    complain("Not decided", error);
    return false;
  }
}

/** Saves what this page holds as a file of the browser's: works without the hub. */
export function download(nb: Notebook): void {
  const url = URL.createObjectURL(new Blob([notebookJson(nb.session)], { type: "application/x-ipynb+json" }));
  const link = document.createElement("a");
  link.href = url;
  link.download = nb.session.path.peek().split("/").pop() || "Untitled.ipynb";
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

/** Does what a button of the saving state says. */
export async function act(nb: Notebook, action: Action): Promise<void> {
  switch (action) {
    case "save": case "retry": return save(nb);
    case "save-as": return saveAs(nb);
    case "overwrite": return put(nb, { overwrite: true });
    case "recreate": return put(nb, { recreate: true });
    case "keep-room": return void (await resolve(nb, "room"));
    case "take-disk": return void (await resolve(nb, "disk"));
    case "show-difference": return showDifference(nb);
    case "reload": return location.reload();
    case "reconnect": return nb.session.reconnect();
    case "download": return download(nb);
    case "token": case "home": location.href = hrefOf({ page: "home", dir: "" }); return;
  }
}
