import { describe, expect, it } from "vitest";
import { beside, pathBeside } from "../../src/outputs/beside";
import { markdownHtml } from "../../src/outputs/markdown";
import { sanitiseBoxed } from "../../src/outputs/sanitise";

describe("where relative addresses lead", () => {
  it.each([
    ["", "plot.png", "plot.png"],
    ["a/b", "plot.png", "a/b/plot.png"],
    ["a/b", "./img/x.png?v=2#top", "a/b/img/x.png"],
    ["a/b", "../x.png", "a/x.png"],
    ["a/b", "../../x.png", "x.png"],
    ["a/b", "..", "a"],
    ["a", "100%25%20sure.png", "a/100% sure.png"],
    ["a", "100%.png", "a/100%.png"],
    ["a", "Grüße.png", "a/Grüße.png"],
  ])("from %j, %j is %j", (folder, address, path) => expect(pathBeside(folder, address)).toBe(path));
  it.each([["", "../x.png"], ["a", "../../x.png"], ["a", "%2e%2e/%2e%2e/x.png"], ["a", "..%2f..%2fx.png"], ["a", "/x.png"], ["a", "\\x.png"], ["a", "//evil.example/x.png"], ["a", "https://evil.example/x.png"], ["a", "javascript:alert(1)"], ["a", "#part"], ["a", "?q"], ["a", ""]])(
    "from %j, %j leads nowhere", (folder, address) => expect(pathBeside(folder, address)).toBeNull(),
  );
  it("opens notebooks, lists folders, and leaves the rest to be shown", () => {
    const to = beside("a");
    expect(to("other.ipynb#Part-2", "followed")).toMatch(/\/notebooks\/a\/other\.ipynb#Part-2$/);
    expect(to("../", "followed")).toMatch(/\/$/);
    expect(to("sub/", "followed")).toMatch(/\/tree\/a\/sub$/);
    expect(to("data 1.csv", "followed")).toMatch(/\/api\/v1\/files\/a\/data%201\.csv$/);
    expect(to("plot.png", "shown")).toMatch(/\/api\/v1\/files\/a\/plot\.png$/);
  });
});

describe("what a notebook shows and links to", () => {
  it("is looked for beside it", () => {
    const html = markdownHtml("![p](img/p.png) [n](n.ipynb) [w](https://example.org/) <img src='x.png' width=20>", undefined, beside("a"));
    const page = new DOMParser().parseFromString(html, "text/html");
    expect([...page.querySelectorAll("img")].map((image) => new URL(image.src).pathname)).toEqual(["/api/v1/files/a/img/p.png", "/api/v1/files/a/x.png"]);
    expect([...page.querySelectorAll("a")].map((link) => link.getAttribute("href"))).toEqual(["/notebooks/a/n.ipynb", "https://example.org/"]);
    expect(sanitiseBoxed("<video src=clip.mp4></video>", beside("a"))).toContain("/api/v1/files/a/clip.mp4");
  });
  it("is not loaded from outside of the folder that is served", () => {
    expect(markdownHtml("![p](../../p.png)", undefined, beside("a"))).toContain("not loaded");
  });
});
