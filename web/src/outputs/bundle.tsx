// A MIME bundle, drawn in the best of its forms.
import { useMemo } from "preact/hooks";
import { FrameOutput } from "./frame";
import { HtmlOutput, LatexOutput, Prose } from "./html";
import { JsonOutput } from "./json";
import { type Bundle, choose, frameHtml, joined, pngSize } from "./rank";
import { TextOutput } from "./text";

export function BundleOutput({ data, metadata, fresh }: { data: Bundle; metadata: Record<string, unknown>; fresh: boolean }) {
  const choice = useMemo(() => choose(data), [data]);
  const value = data[choice.mime];
  switch (choice.kind) {
    case "html":
      return <HtmlOutput html={joined(value)} />;
    case "frame":
      return <FrameOutput html={frameHtml(data)} fresh={fresh} what="This output runs scripts." />;
    case "script":
      return <FrameOutput html={frameHtml({ "application/javascript": value })} fresh={fresh} what="This output is a script." />;
    case "markdown":
      return <Prose source={joined(value)} />;
    case "latex":
      return <LatexOutput source={joined(value)} />;
    case "svg":
      return <Picture src={`data:image/svg+xml;charset=utf-8,${encodeURIComponent(joined(value))}`} data={data} size={sizeOf(metadata, choice.mime)} />;
    case "image": {
      const base64 = joined(value).replace(/\s+/g, "");
      return <Picture src={`data:${choice.mime};base64,${base64}`} data={data} size={sizeOf(metadata, choice.mime) ?? (choice.mime === "image/png" ? pngSize(base64) : null)} />;
    }
    case "json":
      return <JsonOutput value={parsed(value)} />;
    case "text":
      return <TextOutput text={joined(value)} label="Output" />;
    case "widget":
      return <Widget data={data} />;
    default:
      return <p class="note">{choice.mime ? `An output of the type ${choice.mime}, which this page cannot draw.` : "An empty output."}</p>;
  }
}

/** Widgets need a live connection of their own to the kernel; what they say in text is shown. */
function Widget({ data }: { data: Bundle }) {
  const { "application/vnd.jupyter.widget-view+json": _view, ...rest } = data;
  const text = joined(rest["text/plain"]);
  return (
    <div class="widget">
      <TextOutput text={text || "Widget"} label="Widget as text" />
      <p class="note">An interactive widget, shown as text.</p>
    </div>
  );
}

export function Picture({ src, data, size }: { src: string; data: Bundle; size: { width?: number; height?: number } | null }) {
  const alt = joined(data["text/plain"]).replace(/^<(.*)>$/s, "$1").slice(0, 200) || "Image output";
  return <img class="picture" src={src} alt={alt} width={size?.width} height={size?.height} decoding="async" />;
}

export function sizeOf(metadata: Record<string, unknown>, mime: string): { width?: number; height?: number } | null {
  const own = metadata[mime] as { width?: unknown; height?: unknown } | undefined;
  if (typeof own?.width !== "number" && typeof own?.height !== "number") return null;
  return { width: typeof own.width === "number" ? own.width : undefined, height: typeof own.height === "number" ? own.height : undefined };
}

function parsed(value: unknown): unknown {
  if (typeof value !== "string") return value;
  try {
    return JSON.parse(value) as unknown;
  } catch {
    return value;
  }
}
