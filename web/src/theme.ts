// Light and dark: the system's wish unless a person chose.
import { effect, signal } from "@preact/signals";
import { read, write } from "./memory";

export type Choice = "system" | "light" | "dark";

/** What the person chose. */
export const choice = signal<Choice>(read<Choice>("theme", "system"));

const system = matchMedia("(prefers-color-scheme: dark)");
const systemDark = signal(system.matches);
system.addEventListener("change", (event) => (systemDark.value = event.matches));

/** Whether the page is dark now. */
export function isDark(): boolean {
  return choice.value === "dark" || (choice.value === "system" && systemDark.value);
}

/** Applies the theme to the page and keeps it applied. */
export function followTheme(): void {
  effect(() => {
    document.documentElement.dataset.theme = isDark() ? "dark" : "light";
  });
}

/** Chooses. */
export function choose(next: Choice): void {
  choice.value = next;
  write("theme", next);
}
