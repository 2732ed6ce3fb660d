// @vitest-environment node
import { describe, expect, it } from "vitest";
import { between, dropped, longestRun, movesBetween, shifted } from "../../src/doc/order";

function apply(from: string[], wanted: string[]): { result: string[]; moves: number } {
  const list = [...from];
  const moves = movesBetween(from, wanted);
  for (const { id, to } of moves) {
    list.splice(list.indexOf(id), 1);
    list.splice(to, 0, id);
  }
  return { result: list, moves: moves.length };
}

describe("moving cells", () => {
  it("moves one cell with one move, in either direction and over any distance", () => {
    const order = "abcdefgh".split("");
    for (let from = 0; from < order.length; from++) {
      for (let to = 0; to < order.length; to++) {
        const wanted = [...order];
        wanted.splice(to, 0, wanted.splice(from, 1)[0]!);
        const { result, moves } = apply(order, wanted);
        expect(result).toEqual(wanted);
        expect(moves).toBe(from === to ? 0 : 1);
      }
    }
  });
  it("reaches every order of six cells with the fewest moves", () => {
    const order = "abcdef".split("");
    const permute = (rest: string[]): string[][] => (rest.length ? rest.flatMap((x) => permute(rest.filter((y) => y !== x)).map((p) => [x, ...p])) : [[]]);
    for (const wanted of permute(order)) {
      const { result, moves } = apply(order, wanted);
      expect(result).toEqual(wanted);
      expect(moves).toBe(order.length - longestRun(wanted.map((id) => order.indexOf(id))).length);
    }
  });
  it("shifts a selection with gaps as one block, and stays at the ends", () => {
    const order = "abcdef".split("");
    expect(shifted(order, new Set(["c", "d"]), -1).join("")).toBe("acdbef");
    expect(shifted(order, new Set(["b", "d"]), 1).join("")).toBe("acebdf");
    expect(shifted(order, new Set(["a", "b"]), -1)).toEqual(order);
    expect(shifted(order, new Set(["f"]), 1)).toEqual(order);
    expect(shifted(order, new Set(), 1)).toEqual(order);
  });
  it("drops a block before or after a cell, never onto itself", () => {
    const order = "abcdef".split("");
    expect(dropped(order, new Set(["a", "b"]), "e", "after").join("")).toBe("cdeabf");
    expect(dropped(order, new Set(["f"]), "a", "before").join("")).toBe("fabcde");
    expect(dropped(order, new Set(["b", "c"]), "c", "after")).toEqual(order);
  });
  it("selects from either end", () => {
    expect(between(["a", "b", "c"], "c", "b")).toEqual(["b", "c"]);
    expect(between(["a", "b"], "gone", "b")).toEqual(["b"]);
    expect(between(["a"], "x", "y")).toEqual([]);
  });
});
