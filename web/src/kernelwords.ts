// What a kernel's status is called on the page.
const words: Record<string, string> = { none: "no kernel running", starting: "starting", idle: "idle", busy: "busy", restarting: "restarting", unresponsive: "does not answer", dead: "died", failed: "did not start" };

export function kernelWords(status: string): string {
  return words[status] ?? status;
}
