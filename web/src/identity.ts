// Who I am to the others: a name and a colour, chosen here and kept in this browser.
import { signal } from "@preact/signals";
import { read, write } from "./memory";

export interface Person { id: string; name: string; color: string }

/** Colours for people; each has at least 4.5:1 against white text. */
export const palette = ["#0b6e75", "#b3432b", "#5a4fcf", "#8a5a00", "#a3306f", "#2f6f3e", "#1f5fa8", "#6d4c41", "#7a3e9d", "#4d6a00"];

const shades = ["Amber", "Teal", "Indigo", "Coral", "Olive", "Rose", "Slate", "Copper"];
const animals = ["Heron", "Otter", "Lynx", "Finch", "Marten", "Plover", "Ibex", "Wren", "Badger", "Osprey"];
const pick = <T>(list: T[]): T => list[Math.floor(Math.random() * list.length)]!;

function load(): Person {
  const kept = read<Partial<Person>>("person", {});
  const person = {
    id: kept.id ?? crypto.getRandomValues(new Uint32Array(2)).join("-"),
    name: kept.name ?? `${pick(shades)} ${pick(animals)}`,
    color: kept.color ?? pick(palette),
  };
  // An address can say who opens it (?name=), for shared screens and for trying things out; that person is not remembered.
  const asked = new URLSearchParams(location.search).get("name")?.trim().slice(0, 60);
  if (asked) return { id: crypto.getRandomValues(new Uint32Array(2)).join("-"), name: asked, color: colorOf(asked) };
  if (!kept.id) write("person", person);
  return person;
}

/** The person at this browser. */
export const me = signal<Person>(load());

/** Changes name or colour, for this page and the next ones. */
export function introduce(change: Partial<Pick<Person, "name" | "color">>): void {
  me.value = { ...me.value, ...change };
  write("person", me.value);
}

/** Up to two letters that stand for a name. */
export function initials(name: string): string {
  const parts = name.trim().split(/\s+/).filter(Boolean);
  const first = [...(parts[0] ?? "?")][0] ?? "?";
  const last = parts.length > 1 ? ([...parts[parts.length - 1]!][0] ?? "") : "";
  return (first + last).toUpperCase();
}

/** A colour for somebody who brought none: the same one on every page. */
export function colorOf(seed: string): string {
  let hash = 0;
  for (const unit of seed) hash = (hash * 31 + unit.codePointAt(0)!) >>> 0;
  return palette[hash % palette.length]!;
}

/** Accepts a colour of somebody else only in forms that cannot carry anything but a colour. */
export function safeColor(color: unknown, seed: string): string {
  if (typeof color === "string" && (/^#[0-9a-f]{6}$/i.test(color) || /^var\(--jp-collaborator-color\d\)$/.test(color))) {
    return color.startsWith("#") ? color : colorOf(seed);
  }
  return colorOf(seed);
}
