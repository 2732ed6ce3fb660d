// @vitest-environment node
import { describe, expect, it } from "vitest";
import { bindings, chord, Keyboard } from "../../src/notebook/keys";

describe("the keyboard", () => {
  const press = (mode: "command" | "edit", key: string, mods: object = {}) => new Keyboard().press(mode, { key, ...mods }, 0);
  it.each([
    ["command", "Enter", {}, "edit"], ["edit", "Escape", {}, "command"], ["edit", "Enter", { shift: true }, "run-advance"], ["command", "Enter", { ctrl: true }, "run"], ["edit", "Enter", { alt: true }, "run-insert"],
    ["command", "a", {}, "insert-above"], ["command", "b", {}, "insert-below"], ["command", "z", {}, "undo"], ["command", "Z", { shift: true }, "redo"], ["command", "m", {}, "to-markdown"], ["command", "y", {}, "to-code"], ["command", "r", {}, "to-raw"],
    ["command", "c", {}, "copy"], ["command", "x", {}, "cut"], ["command", "v", {}, "paste"], ["command", "V", { shift: true }, "paste-above"], ["command", "j", {}, "down"], ["command", "k", {}, "up"], ["command", "J", { shift: true }, "extend-down"],
    ["command", "ArrowUp", { shift: true }, "extend-up"], ["command", "M", { shift: true }, "merge"], ["edit", "_", { ctrl: true, shift: true }, "split"], ["edit", "-", { ctrl: true, shift: true }, "split"], ["command", "s", { ctrl: true }, "save"],
    ["edit", "s", { ctrl: true }, "save"], ["edit", "S", { ctrl: true }, "save"], ["command", "h", {}, "help"], ["command", "?", { shift: true }, "help"], ["command", " ", { shift: true }, "page-up"],
  ] as const)("in %s mode %s %j does %s", (mode, key, mods, command) => expect(press(mode, key, mods)).toBe(command));
  it("leaves letters to the text in edit mode", () => {
    for (const key of "abcdmryzxvjkhols0i ") expect(press("edit", key)).toBeNull();
  });
  it("wants D twice, soon, and with nothing between", () => {
    const keyboard = new Keyboard();
    expect(keyboard.press("command", { key: "d" }, 0)).toBe("wait");
    expect(keyboard.press("command", { key: "d" }, 300)).toBe("delete");
    expect(keyboard.press("command", { key: "d" }, 400)).toBe("wait");
    expect(keyboard.press("command", { key: "d" }, 5000)).toBe("wait");
    expect(keyboard.press("command", { key: "j" }, 5100)).toBe("down");
    expect(keyboard.press("command", { key: "d" }, 5200)).toBe("wait");
    expect(keyboard.press("command", { key: "D", shift: true }, 5250)).toBeNull();
  });
  it("takes Cmd for Ctrl on a Mac", () => {
    expect(chord({ key: "s", meta: true }, true)).toBe("Mod-s");
    expect(chord({ key: "s", meta: true }, false)).toBe("Meta-s");
  });
  it("binds no key twice in a mode", () => {
    const seen = new Set<string>();
    for (const { mode, keys } of bindings) {
      for (const one of mode === "both" ? ["command", "edit"] : [mode]) {
        expect(seen).not.toContain(`${one} ${keys}`);
        seen.add(`${one} ${keys}`);
      }
    }
  });
});
