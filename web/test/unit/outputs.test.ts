import { describe, expect, it } from "vitest";
import { ansiHtml, excerpt, stripAnsi } from "../../src/outputs/ansi";
import { markdownHtml } from "../../src/outputs/markdown";
import { choose, frameHtml, joined, pngSize, wholeBundle } from "../../src/outputs/rank";
import { safeCss, sanitiseBoxed, sanitiseInline } from "../../src/outputs/sanitise";

const none = () => null;

describe("which form of an output is shown", () => {
  it.each([
    [{ "text/plain": "x", "text/html": "<b>x</b>" }, "html"],
    [{ "text/plain": "x", "text/latex": "$x$", "image/png": "AA" }, "latex"],
    [{ "text/plain": "x", "image/png": "AA", "image/svg+xml": "<svg/>" }, "svg"],
    [{ "text/plain": "x", "image/jpeg": "AA" }, "image"],
    [{ "text/plain": "x", "application/json": {} }, "json"],
    [{ "text/plain": "x", "application/vnd.vegalite.v5+json": {} }, "text"],
    [{ "application/vnd.vegalite.v5+json": {} }, "json"],
    [{ "text/plain": "x", "text/html": "<div></div><script>1</script>" }, "frame"],
    [{ "text/html": "<div></div>", "application/javascript": "1" }, "frame"],
    [{ "application/javascript": "1" }, "script"],
    [{ "text/plain": "IntSlider()", "application/vnd.jupyter.widget-view+json": {}, "text/html": "<b>" }, "widget"],
    [{ "application/pdf": "x" }, "nothing"],
    [{}, "nothing"],
  ] as Array<[Record<string, unknown>, string]>)("%j is drawn as %s", (data, kind) => expect(choose(data).kind).toBe(kind));
  it("joins lines with nothing between them", () => expect(joined(["a\n", "b"])).toBe("a\nb"));
  it("does not let a script end early the tag that it is put into", () => expect(frameHtml({ "text/html": "<i>", "application/javascript": "'</script><b>'" })).toBe("<i><script>'<\\/script><b>'</script>"));
  it("reads the size of a PNG, and of nothing else", () => {
    expect(pngSize("iVBORw0KGgoAAAANSUhEUgAAAUAAAAB4CAIAAAA")).toEqual({ width: 320, height: 120 });
    expect(pngSize("AAAA")).toBeNull();
    expect(pngSize("%%%")).toBeNull();
  });
});

describe("large outputs, kept beside the document", () => {
  it("are shown in the form that they would have were they in it", () => {
    const reference = { sha256: "0".repeat(64), size: 1 };
    expect(choose(wholeBundle({ "text/plain": "[large output]" }, { "image/png": reference, "text/plain": { stub: true } }))).toEqual({ kind: "image", mime: "image/png" });
    expect(choose(wholeBundle({ "text/plain": "x", "text/html": "<b>" }, { "application/json": reference })).kind).toBe("html");
    expect(choose(wholeBundle({ "text/plain": "[large output]" }, { "text/plain": { ...reference, stub: true } })).mime).toBe("text/plain");
  });
});

describe("terminal text", () => {
  it("colours with classes and escapes everything", () => {
    expect(ansiHtml("\u001b[31mred\u001b[0m <b>&")).toBe('<span class="ansi-red-fg">red</span> &lt;b&gt;&amp;');
  });
  it("makes no links, whatever a program prints", () => expect(ansiHtml("\u001b]8;;javascript:alert(1)\u0007click\u001b]8;;\u0007")).not.toContain("<a"));
  it("cannot be talked into markup by a colour", () => expect(ansiHtml('\u001b[38;2;1;2;"><img src=x>m')).not.toContain("<img"));
  it("folds long text to its ends and says how much is hidden", () => {
    const text = Array.from({ length: 1000 }, (_, i) => String(i)).join("\n");
    const part = excerpt(text, 10);
    expect(part.head.split("\n")).toEqual(["0", "1", "2", "3", "4"]);
    expect(part.tail.split("\n")).toEqual(["995", "996", "997", "998", "999"]);
    expect([part.hidden, part.lines]).toEqual([990, 1000]);
    expect(excerpt("a\nb", 10)).toMatchObject({ head: "a\nb", hidden: 0 });
  });
  it("cuts one endless line", () => expect(excerpt("x".repeat(100_000), 10).head.length).toBeLessThan(21_000));
  it("strips sequences for the plain copy", () => expect(stripAnsi("\u001b[1;31ma\u001b[0mb\u001b]8;;http://x\u0007c")).toBe("abc"));
  it("draws of ten megabytes what a page can take", () => {
    const { head, tail, hidden } = excerpt("0123456789 some line of output\n".repeat(330_000), 400);
    expect(head.length + tail.length).toBeLessThan(15_000);
    expect(hidden).toBeGreaterThan(329_000);
  });
});

const hostile = [
  "<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "<svg onload=alert(1)>", "<svg><script>alert(1)</script></svg>", "<a href='javascript:alert(1)'>x</a>", "<a href=' java\nscript:alert(1)'>x</a>",
  "<iframe src=https://evil.example></iframe>", "<object data=x></object>", "<embed src=x>", "<form action=https://evil.example><input name=p></form>", "<base href=https://evil.example>",
  "<meta http-equiv=refresh content='0;url=https://evil.example'>", "<link rel=stylesheet href=https://evil.example>", "<img src=https://evil.example/p.png>", "<img srcset='https://evil.example/p.png 2x'>",
  "<video poster=https://evil.example/p.png src=https://evil.example/v></video>", "<div style='background:url(https://evil.example/p.png)'>x</div>", "<div style='background:\\75 rl(https://evil.example/p.png)'>x</div>",
  "<svg><image href=https://evil.example/p.png /></svg>", "<svg><use href='https://evil.example/x#a' /></svg>", "<svg><rect fill='url(https://evil.example/x#a)'/></svg>", "<math><mtext><script>alert(1)</script></mtext></math>",
  "<svg><a xlink:href='javascript:alert(1)'><text>x</text></a></svg>", "<style>@import 'https://evil.example/x.css';</style><b>x</b>", "<style>b{background:image-set('https://evil.example/p.png' 1x)}</style><b>x</b>",
  "<style>@font-face{font-family:x;src:url(https://evil.example/f)}</style><b>x</b>", "<svg><style>rect{fill:u\\72l(https://evil.example)}</style></svg>", "<noscript><p title='</noscript><img src=x onerror=alert(1)>'>",
  "<table background=https://evil.example/p.png><tr><td>x</table>", "<button onclick=alert(1)>x</button>", "<details ontoggle=alert(1) open>x</details>", "<template><img src=x onerror=alert(1)></template>", "<audio src=https://evil.example/a autoplay></audio>",
  "<a href='data:text/html,<script>alert(1)</script>'>x</a>", "<svg><animate attributeName=href values=javascript:alert(1) /></svg>", "<img src='data:text/html,x'>", "<input type=image src=https://evil.example/p.png>",
];

describe("other people's HTML", () => {
  it.each(hostile)("%s runs nothing and fetches nothing", (html) => {
    for (const clean of [sanitiseBoxed(html, none), sanitiseInline(html, none), markdownHtml(html, undefined, none)]) {
      const page = new DOMParser().parseFromString(clean, "text/html");
      expect(page.querySelectorAll("script, iframe, object, embed, form, base, meta, link, button, template, use, image")).toHaveLength(0);
      for (const element of page.querySelectorAll("*")) {
        for (const { name, value } of element.attributes) {
          expect(name).not.toMatch(/^on/i);
          expect(value.replace(/\s/g, "")).not.toMatch(/^(javascript|data:text|vbscript):?/i);
          if (name === "style") expect(value).not.toMatch(/(url|image|image-set|src)\s*\(/i);
          else if (!["alt", "title", "attributename", "values"].includes(name.toLowerCase()) && element.nodeName.toLowerCase() !== "a") expect(value).not.toContain("evil.example");
        }
        if (element.nodeName === "STYLE") expect(element.textContent).not.toMatch(/url\s*\(|@import|image-set|@font-face/i);
      }
    }
  });
  it("keeps what tables, sklearn diagrams and drawings need", () => {
    const table = sanitiseBoxed('<style scoped>.dataframe th{text-align:right}</style><table border="1" class="dataframe"><tr style="text-align: right;"><th>a</th></tr></table>', none);
    expect(table).toContain("<style");
    expect(table).toContain('class="dataframe"');
    expect(table).toContain("text-align: right");
    expect(sanitiseBoxed('<input type="checkbox" class="sk-toggleable"><label>x</label>', none)).toContain("checkbox");
    expect(sanitiseBoxed('<svg viewBox="0 0 1 1"><path d="M0 0"/></svg>', none)).toContain("<path");
  });
  it("says which picture it did not load", () => expect(sanitiseInline("<img alt=logo src=https://evil.example/p.png>", none)).toMatch(/class="blocked"[^>]*alt="logo \[not loaded: https:\/\/evil\.example\/p\.png\]"|alt="logo \[not loaded: https:\/\/evil\.example\/p\.png\]"[^>]*class="blocked"/));
  it("opens links elsewhere, without telling where from", () => expect(sanitiseInline("<a href=https://example.org>x</a>", none)).toMatch(/rel="noopener noreferrer nofollow"/));
  it("takes no style sheet into the page itself", () => expect(sanitiseInline("<style>*{display:none}</style>x", none)).toBe("x"));
  it("writes out what CSS escapes, and lets it spell nothing", () => {
    expect(safeCss('li::after { content: "\\00b7"; }')).toBe('li::after { content: "·"; }');
    expect(safeCss("b{background:\\75 rl(https://evil.example)}")).toBe("b{background:none}");
    for (const css of ["\\5c 75rl(x)", "\\5c\\37 5rl(x)", "a{content:'\\3c/style>\\3cimg src=x>'}", "\\3c\\2fstyle>"]) expect(safeCss(css)).not.toMatch(/[<\\]|url\(/);
    expect(sanitiseBoxed("<style>a{content:'\\3c/style>\\3cimg src=x onerror=alert(1)>'}</style>x", none)).not.toContain("<img");
  });
  it("keeps harmless CSS as it is", () => expect(safeCss("a { color: red; width: calc(1px + 2px) }")).toBe("a { color: red; width: calc(1px + 2px) }"));
});

describe("Markdown", () => {
  const md = (source: string, attachments?: Record<string, unknown>) => markdownHtml(source, attachments, none);
  it("sets formulas aside before emphasis sees them", () => {
    expect(md("$a_i b_i$ and *x*")).toBe('<p><span class="math">a_i b_i</span> and <em>x</em></p>\n');
    expect(md("$$\nx_1 < x_2\n$$")).toContain('<div class="math math-display">\nx_1 &lt; x_2\n</div>');
    expect(md("\\begin{align}\na &= b\\\\\nc &= d\n\\end{align}")).toContain("math-display");
    expect(md("\\(x\\) and \\[y\\]")).toContain('<span class="math">x</span>');
  });
  it("leaves prices and code alone", () => {
    expect(md("costs $5 or `$x$`")).not.toContain("math");
    expect(md("    $x$ = 1")).not.toContain("math");
    expect(md("from $5 to $10")).not.toContain("math");
  });
  it("shows attachments, and only pictures", () => {
    const attachments = { "a b.png": { "image/png": "iVBO" }, "evil.png": { "text/html": "PHNjcmlwdD4=" } };
    expect(md("![x](attachment:a%20b.png)", attachments)).toContain('src="data:image/png;base64,iVBO"');
    expect(md("![x](attachment:evil.png)", attachments)).not.toContain("data:");
  });
  it("gives headings their anchors without letting them name things of the page", () => {
    expect(md("# Results of *run* 2")).toContain('id="user-content-Results-of-run-2"');
  });
});
