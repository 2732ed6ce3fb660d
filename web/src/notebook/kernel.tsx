// The kernel: its state, and what can be done with it.
import { api, type KernelSpec } from "../api";
import { kernelWords } from "../kernelwords";
import { ask } from "../ui/dialog";
import { Icon } from "../ui/icons";
import { type Item, Menu } from "../ui/menu";
import { complain, tell } from "../ui/notice";
import { askRestart } from "./commands";
import type { Notebook } from "./notebook";

export function KernelState({ nb }: { nb: Notebook }) {
  const kernel = nb.session.kernel.value;
  const queue = nb.session.queue.value;
  const status = kernel?.status ?? "none";
  const name = kernel?.display_name || kernel?.name || "No kernel";
  const waiting = queue.filter((item) => item.state === "queued").length + (queue.at(-1)?.behind ?? 0);
  const dead = status === "dead" || status === "failed";
  const items = (): Item[] => [
    { label: "Interrupt", hint: "I, I", act: () => void nb.interrupt(), disabled: nb.readOnly || status !== "busy" },
    { label: dead ? "Start again…" : "Restart…", hint: "0, 0", act: () => void askRestart(nb, false), disabled: nb.readOnly || status === "none" },
    { label: "Restart and run all…", act: () => void askRestart(nb, true), disabled: nb.readOnly },
    { label: "", act: () => {}, divider: true },
    { label: "Choose a kernel…", act: () => void chooseKernel(nb), disabled: nb.readOnly },
    { label: "Shut down", act: () => void shutDown(nb), disabled: nb.readOnly || status === "none" },
  ];
  const detail = kernel?.reason ? `: ${kernel.reason}` : "";
  return (
    <span class="kernel" title={`${name}, ${kernelWords(status)}${detail}`}>
      <Menu label={`Kernel: ${name}, ${kernelWords(status)}${waiting ? `, ${waiting} waiting` : ""}`} items={items} class={`quiet kernel-button status-${status}`}>
        <span class="kernel-dot" aria-hidden="true" />
        <span class="kernel-name">{name}</span>
        {status !== "idle" && status !== "none" && <span class="kernel-status">{kernelWords(status)}</span>}
        {waiting > 0 && <span class="kernel-waiting">+{waiting}</span>}
      </Menu>
    </span>
  );
}

async function shutDown(nb: Notebook): Promise<void> {
  try {
    await api.stopKernel(nb.session.id);
  } catch (error) {
    complain("Not shut down", error);
  }
}

export async function chooseKernel(nb: Notebook): Promise<void> {
  let specs: KernelSpec[];
  try {
    specs = await api.kernelspecs();
  } catch (error) {
    return complain("The kernels could not be listed", error);
  }
  const now = nb.session.kernel.peek()?.name;
  const chosen = await ask<string>("Choose a kernel", (done) => (
    <>
      {specs.length === 0 && <p>No kernel is installed where the hub runs. Install one (for Python: the package ipykernel), then choose again.</p>}
      <ul class="choices">
        {specs.map((spec) => (
          <li key={spec.name}>
            <button type="button" class="choice" disabled={Boolean(spec.problem)} autofocus={spec.name === now} aria-current={spec.name === now || undefined} onClick={() => done(spec.name)}>
              <strong>{spec.display_name || spec.name}</strong>
              <span>{spec.problem ? spec.problem : spec.language}{spec.name === now ? " · chosen now" : ""}</span>
            </button>
          </li>
        ))}
      </ul>
      <div class="dialog-actions"><button type="button" onClick={() => done(null)}>Cancel</button></div>
    </>
  ));
  if (chosen === null) return;
  try {
    await api.setKernel(nb.session.id, chosen);
    tell("Kernel chosen");
  } catch (error) {
    complain("The kernel did not start", error);
  }
}

/** Says once what happened: the reason often begins with the same words. */
export function troubleWords(status: string, reason: string): string {
  const what = status === "dead" ? "The kernel died" : "The kernel did not start";
  const rest = reason.replace(/^((the )?kernel (died|did not start)[:,.]?\s*)+/i, "").trim();
  return rest ? (rest.startsWith("(") ? `${what} ${rest}` : `${what}: ${rest}`) : `${what}.`;
}

/** Words across the page when the kernel is gone. */
export function KernelTrouble({ nb }: { nb: Notebook }) {
  const kernel = nb.session.kernel.value;
  if (kernel?.status !== "dead" && kernel?.status !== "failed") return null;
  return (
    <div class="kernel-trouble" role="alert">
      <Icon name="warn" />
      <span tabIndex={0}>{troubleWords(kernel.status, kernel.reason ?? "")}</span>
      <button type="button" class="small" disabled={nb.readOnly} onClick={() => void nb.restart()}>Start again</button>
      <button type="button" class="small" disabled={nb.readOnly} onClick={() => void chooseKernel(nb)}>Choose another</button>
    </div>
  );
}
