// Former states of a notebook that the hub kept.
import { useEffect, useState } from "preact/hooks";
import { api, type Version } from "../api";
import { clock } from "../room/session";
import { ask, confirm } from "../ui/dialog";
import { complain, tell } from "../ui/notice";
import { compareFiles, Difference, Legend } from "./difference";
import { notebookJson } from "./export";
import type { Notebook } from "./notebook";

const reasons: Record<string, string> = {
  outside_change: "before a change on disk", delete_all: "before all cells were deleted", conflict: "the side of a conflict that was not kept", overwrite: "before it was overwritten",
  request: "kept on request", restore: "before a version was restored",
};

export async function showVersions(nb: Notebook): Promise<void> {
  await ask("Former versions", (done) => <List nb={nb} done={() => done(null)} />, true);
}

function List({ nb, done }: { nb: Notebook; done: () => void }) {
  const [versions, setVersions] = useState<Version[] | null>(null);
  const [trouble, setTrouble] = useState("");
  const load = () => void api.versions(nb.session.id).then(setVersions, (error: Error) => setTrouble(error.message));
  useEffect(load, []);
  const keep = async () => {
    try {
      await api.keepVersion(nb.session.id);
      load();
    } catch (error) {
      complain("Not kept", error);
    }
  };
  return (
    <>
      {trouble && <p class="note bad">{trouble}</p>}
      {!versions && !trouble && <p class="note">Reading…</p>}
      {versions?.length === 0 && <p>None yet. The hub keeps one before anything that could lose work, and whenever you ask.</p>}
      <ul class="versions" tabIndex={0} aria-label="Versions">
        {versions?.map((version) => (
          <li key={version.id}>
            <span><strong>{clock(version.time)}</strong> {reasons[version.reason] ?? version.reason}{version.by ? `, ${version.by}` : ""}</span>
            <span class="actions">
              <button type="button" class="small" onClick={() => void compare(nb, version)}>Compare</button>
              <button type="button" class="small" disabled={nb.readOnly} onClick={() => void restore(nb, version)}>Restore</button>
            </span>
          </li>
        ))}
      </ul>
      <div class="dialog-actions">
        <button type="button" onClick={() => void keep()} disabled={nb.readOnly}>Keep the present state</button>
        <button type="button" class="primary" onClick={done}>Close</button>
      </div>
    </>
  );
}

async function compare(nb: Notebook, version: Version): Promise<void> {
  try {
    const cells = compareFiles(notebookJson(nb.session), await api.version(nb.session.id, version.id));
    await ask(`Now and ${clock(version.time)}`, (done) => (
      <>
        <Legend left="only now" right="only then" />
        <Difference cells={cells} />
        <div class="dialog-actions"><button type="button" class="primary" autofocus onClick={() => done(null)}>Close</button></div>
      </>
    ), true);
  } catch (error) {
    complain("The version could not be read", error);
  }
}

async function restore(nb: Notebook, version: Version): Promise<void> {
  if (!(await confirm("Restore this version?", "The notebook changes for everybody. What is here now becomes a version itself.", "Restore"))) return;
  try {
    await api.restoreVersion(nb.session.id, version.id);
    tell("Restored.");
  } catch (error) {
    complain("Not restored", error);
  }
}
