// Other people's HTML, made harmless: no scripts, no forms, nothing fetched from anywhere, nothing outside its box.
import createPurify, { type Config } from "dompurify";
import type { Relative } from "./beside";

const config: Config = {
  USE_PROFILES: { html: true, svg: true, mathMl: true },
  FORBID_TAGS: ["form", "button", "textarea", "select", "option", "iframe", "object", "embed", "link", "meta", "base", "dialog", "template", "portal", "use", "image", "feimage", "slot"],
  FORBID_ATTR: ["ping", "srcset", "formaction", "background", "autofocus", "tabindex", "accesskey", "contenteditable", "popover", "popovertarget", "is", "slot", "part", "form"],
  ADD_ATTR: ["target"],
  ALLOW_DATA_ATTR: false,
  ALLOW_ARIA_ATTR: true,
  SANITIZE_NAMED_PROPS: false,
  ALLOWED_URI_REGEXP: /^(?:https?:|mailto:|data:image\/|data:audio\/|data:video\/|#|[^a-z]|[a-z+.-]+(?:[^a-z+.\-:]|$))/i,
};

const purify = createPurify(window);
let styles = false;
let relative: Relative = () => null;

purify.addHook("uponSanitizeElement", (node, data) => {
  const element = node as Element;
  if (data.tagName === "style") {
    if (styles) element.textContent = safeCss(element.textContent ?? "");
    else element.remove();
  }
  if (data.tagName === "input" && (element.getAttribute("type") ?? "").toLowerCase() !== "checkbox") element.remove();
});

purify.addHook("uponSanitizeAttribute", (node, data) => {
  const name = data.attrName.toLowerCase();
  const value = data.attrValue.trim();
  if (name === "style") data.attrValue = safeCss(value);
  else if (name === "src" || name === "poster" || (name.endsWith("href") && node.nodeName.toLowerCase() !== "a")) source(node as Element, data, value);
  else if (/^(fill|stroke|filter|mask|clip-path|marker-(start|mid|end)|cursor)$/.test(name) && /url\s*\(/i.test(value) && !/^url\(\s*["']?#/i.test(value)) data.keepAttr = false;
});

purify.addHook("afterSanitizeAttributes", (node) => {
  if (node.nodeName.toLowerCase() === "a") link(node as Element);
  if (node.nodeName.toLowerCase() === "input" && !styles) node.setAttribute("aria-label", node.hasAttribute("checked") ? "done" : "to do");
});

function source(node: Element, data: { attrValue: string; keepAttr: boolean }, value: string): void {
  if (/^data:(image|audio|video)\//i.test(value) || value.startsWith("#")) return;
  const local = relative(value, "shown");
  if (local) {
    data.attrValue = local;
    return;
  }
  data.keepAttr = false;
  // Fetching it would tell somebody that this notebook is open here.
  node.setAttribute("class", "blocked");
  node.setAttribute("alt", `${node.getAttribute("alt") ?? ""} [not loaded: ${value.slice(0, 200)}]`.trim());
}

function link(node: Element): void {
  const href = node.getAttribute("href") ?? node.getAttribute("xlink:href") ?? "";
  const local = relative(href, "followed");
  if (local) node.setAttribute("href", local);
  if (href && !href.startsWith("#")) {
    node.setAttribute("target", "_blank");
    node.setAttribute("rel", "noopener noreferrer nofollow");
  } else node.removeAttribute("target");
}

/** CSS without anything that fetches: no url(), no imports, no fonts. Escapes are written out first, because they can spell all of these. */
export function safeCss(css: string): string {
  return css
    .replace(/\\(?:([0-9a-f]{1,6})\s?|([^\n]))/gi, (_whole, hex: string | undefined, plain: string | undefined) => plain ?? character(hex!))
    // What would still be an escape, and what could end a style sheet.
    .replace(/[\\<\u0000]/g, "")
    .replace(/\/\*[\s\S]*?\*\//g, "")
    .replace(/@(import|font-face|namespace|charset|property)[^;{]*(;|\{[^}]*\}|$)/gi, "")
    .replace(/(url|image-set|-webkit-image-set|image|src|cross-fade|element|attr|expression)\s*\([^)]*\)?/gi, "none")
    .replace(/(behavior|-moz-binding)\s*:/gi, "x:");
}

function character(hex: string): string {
  const code = parseInt(hex, 16);
  return code > 0x10ffff ? "" : String.fromCodePoint(code);
}

/**
 * Takes handlers out of tags before anything parses them. DOMPurify does it safely afterwards; but a browser reports a handler
 * that its policy forbids already while it is parsed, and a page that cries wolf hides the real one.
 */
function muted(html: string): string {
  return html.replace(/<[a-z][^>]*>/gi, (tag) => tag.replace(/([\s"'/])on[a-z]+\s*=/gi, "$1data-off="));
}

/** HTML for a box of its own (a shadow root): style sheets stay. */
export function sanitiseBoxed(html: string, resolve: Relative): string {
  styles = true;
  relative = resolve;
  return purify.sanitize(muted(html), { ...config, ADD_TAGS: ["style"], FORCE_BODY: true });
}

/** HTML for the page itself: no style sheets, and no positions outside of the flow. */
export function sanitiseInline(html: string, resolve: Relative): string {
  styles = false;
  relative = resolve;
  return purify.sanitize(muted(html), { ...config, SANITIZE_NAMED_PROPS: true, FORBID_TAGS: [...config.FORBID_TAGS!, "style"] });
}
