import { describe, expect, it } from "vitest";
import { compareFilesFor } from "./helpers";
import { diffCells, diffLines } from "../../src/doc/diff";
import { compile, matchesIn, replacement } from "../../src/doc/find";
import { matching } from "../../src/home/model";
import { checkPath, dirOf, nameOf, withSuffix, within } from "../../src/home/paths";
import { placeOf, hrefOf } from "../../src/base";
import { modeOf, modeOfMagic } from "../../src/notebook/languages";

const query = (text: string, change = {}) => compile({ text, regex: false, matchCase: false, wholeWord: false, ...change }) as RegExp;

describe("find and replace", () => {
  it("takes text as text", () => expect(matchesIn(query("a.b("), "xa.b( a+b( A.B(").map((m) => m.from)).toEqual([1, 11]));
  it("heeds case and words, also of letters beyond ASCII", () => {
    expect(matchesIn(query("Ab", { matchCase: true }), "ab Ab").length).toBe(1);
    expect(matchesIn(query("né", { wholeWord: true }), "né née né").length).toBe(2);
  });
  it("counts in UTF-16 units", () => expect(matchesIn(query("x"), "😀x")[0]).toMatchObject({ from: 2, to: 3 }));
  it("says why a pattern cannot be one", () => expect(compile({ text: "(", regex: true, matchCase: false, wholeWord: false })).toHaveProperty("error"));
  it("passes over empty matches instead of turning for ever", () => expect(matchesIn(query("x*", { regex: true }), "axxb").map((m) => [m.from, m.to])).toEqual([[1, 3]]));
  it("replaces with groups only when asked for a regular expression", () => {
    const [hit] = matchesIn(query("(\\w+)=(?<v>\\w+)", { regex: true }), "a=b");
    expect(replacement(hit!.groups, "$2:$<v>:$&:$$:\\n", true)).toBe("b:b:a=b:$:\n");
    expect(replacement(hit!.groups, "$1", false)).toBe("$1");
  });
});

describe("the difference between two notebooks", () => {
  const apply = (lines: ReturnType<typeof diffLines>) => [lines.filter((l) => l.kind !== "right").map((l) => l.text).join("\n"), lines.filter((l) => l.kind !== "left").map((l) => l.text).join("\n")];
  it("loses no line of either side", () => {
    const words = ["a", "b", "c", ""];
    let seed = 7;
    const random = (n: number) => (seed = (seed * 16807) % 2147483647) % n;
    for (let i = 0; i < 400; i++) {
      const make = () => Array.from({ length: random(9) }, () => words[random(4)]).join("\n");
      const [l, r] = [make(), make()];
      expect(apply(diffLines(l, r))).toEqual([l, r]);
    }
  });
  it("finds the one changed line", () => expect(diffLines("a\nb\nc", "a\nB\nc").filter((l) => l.kind !== "same").map((l) => l.kind + l.text)).toEqual(["leftb", "rightB"]));
  it("pairs cells by id and names what differs", () => {
    const cell = (id: string, source: string, more = {}) => ({ id, cell_type: "code", source, metadata: {}, outputs: [], ...more });
    const result = diffCells([cell("a", "1"), cell("b", "2"), cell("c", "3")], [cell("n", "0"), cell("a", "1"), cell("c", "3", { metadata: { tags: ["x"] } })]);
    expect(result.map((c) => [c.id, c.status])).toEqual([["n", "right"], ["a", "same"], ["b", "left"], ["c", "changed"]]);
    expect(result[3]!.notes).toEqual(["metadata differ"]);
  });
  it("compares as text what is no notebook", () => expect(compareFilesFor('{"cells":[]}', "<<<<<<< ours\n")[0]!.type).toBe("file"));
});

describe("paths and addresses", () => {
  it("refuses what cannot be a notebook's path", () => {
    for (const bad of ["", " ", "/x", "a//b", "../x", "a/../b", ".hidden", "a/.b", "a/", ".ipynb", "a\u0000", "x".repeat(300)]) expect(checkPath(bad)).not.toBe("");
    for (const good of ["a", "a/b c.ipynb", "Größe/数.ipynb"]) expect(checkPath(good)).toBe("");
  });
  it("knows names, folders and suffixes", () => {
    expect([withSuffix("a"), withSuffix("a.ipynb"), nameOf("a/b.ipynb"), dirOf("a/b/c"), dirOf("a"), within("", "x"), within("d", "x")]).toEqual(["a.ipynb", "a.ipynb", "b.ipynb", "a/b", "", "x", "d/x"]);
  });
  it("reads its own addresses back, with any character", () => {
    for (const path of ["a.ipynb", "d e/f#g?h%.ipynb", "数/ü.ipynb"]) expect(placeOf(new URL(hrefOf({ page: "notebook", path }), location.href).href)).toEqual({ page: "notebook", path });
    expect(placeOf(new URL(hrefOf({ page: "home", dir: "a b/c" }), location.href).href)).toEqual({ page: "home", dir: "a b/c" });
    expect(placeOf(location.origin + "/notebooks/%E0%A4%A")).toEqual({ page: "notebook", path: "%E0%A4%A" });
  });
  it("finds notebooks by words, names first", () => {
    const entry = (path: string) => ({ path, dir: false, size: 0, modified: "" });
    expect(matching([entry("penguins/a.ipynb"), entry("x/penguins.ipynb"), entry("other.ipynb")], "peng").map((e) => e.path)).toEqual(["x/penguins.ipynb", "penguins/a.ipynb"]);
  });
});

describe("languages", () => {
  it("knows kernels by their language", () => {
    expect(["Python", "python3", "R", "julia", "Julia 1.10", "TypeScript", "bash", "sql", "cobol"].map(modeOf)).toEqual(["python", "python", "r", "julia", "julia", "typescript", "shell", "sql", ""]);
  });
  it("follows cell magics", () => expect([modeOfMagic("%%bash\nls"), modeOfMagic("%%time\nx"), modeOfMagic("x\n%%bash")]).toEqual(["shell", "", ""]));
});
