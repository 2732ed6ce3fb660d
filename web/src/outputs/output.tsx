// One output of a cell: the best of its forms.
import { useContext, useEffect, useMemo, useState } from "preact/hooks";
import { bytes } from "../bytes";
import { Outputs } from "./context";
import { FrameOutput } from "./frame";
import { HtmlOutput, LatexOutput, Prose } from "./html";
import { JsonOutput } from "./json";
import { type Bundle, choose, frameHtml, joined, pngSize } from "./rank";
import { TextOutput } from "./text";

export type PlainOutput = Record<string, unknown>;
interface Blob_ { sha256: string; size?: number; mime?: string }

/** fresh: it came while this page was looking, so somebody here ran it. */
export function OutputView({ output, fresh }: { output: PlainOutput; fresh: boolean }) {
  const blob = output.hub_blob as Blob_ | undefined;
  if (blob && typeof blob.sha256 === "string") return <BlobOutput blob={blob} output={output} fresh={fresh} />;
  return <Shown output={output} fresh={fresh} />;
}

function Shown({ output, fresh }: { output: PlainOutput; fresh: boolean }) {
  switch (output.output_type) {
    case "stream":
      return <TextOutput text={joined(output.text)} tone={output.name === "stderr" ? "stderr" : "stdout"} label={output.name === "stderr" ? "Standard error" : "Output"} />;
    case "error":
      return <ErrorOutput output={output} />;
    case "display_data":
    case "execute_result":
      return <BundleOutput data={(output.data as Bundle | undefined) ?? {}} metadata={(output.metadata as Record<string, unknown> | undefined) ?? {}} fresh={fresh} />;
    default:
      return <p class="note">An output of the unknown kind “{String(output.output_type)}”.</p>;
  }
}

function ErrorOutput({ output }: { output: PlainOutput }) {
  const lines = Array.isArray(output.traceback) ? (output.traceback as unknown[]).map(String) : [];
  const text = lines.length ? lines.join("\n") : `${String(output.ename ?? "Error")}: ${String(output.evalue ?? "")}`;
  return <TextOutput text={text} tone="traceback" label={`Error ${String(output.ename ?? "")}`} />;
}

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

function Picture({ src, data, size }: { src: string; data: Bundle; size: { width?: number; height?: number } | null }) {
  const alt = joined(data["text/plain"]).replace(/^<(.*)>$/s, "$1").slice(0, 200) || "Image output";
  return <img class="picture" src={src} alt={alt} width={size?.width} height={size?.height} decoding="async" />;
}

function sizeOf(metadata: Record<string, unknown>, mime: string): { width?: number; height?: number } | null {
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

/** A large output lives outside of the document and is fetched when a person asks. */
function BlobOutput({ blob, output, fresh }: { blob: Blob_; output: PlainOutput; fresh: boolean }) {
  const { blob: address } = useContext(Outputs);
  const [text, setText] = useState<string | null>(null);
  const [asked, setAsked] = useState(false);
  const [trouble, setTrouble] = useState("");
  const mime = blob.mime ?? "application/octet-stream";
  const image = /^image\/(png|jpe?g|gif|webp|avif|bmp)$/.test(mime);
  useEffect(() => {
    if (!asked || image) return;
    void fetch(address(blob.sha256)).then(async (response) => {
      if (response.ok) setText(await response.text());
      else setTrouble(`The hub answered with status ${response.status}.`);
    }).catch(() => setTrouble("The hub cannot be reached."));
  }, [asked]);
  if (image) return <img class="picture" src={address(blob.sha256)} alt="Large image output" loading="lazy" />;
  if (text !== null) return <Shown output={filled(output, mime, text)} fresh={fresh} />;
  return (
    <div class="held">
      <Shown output={Object.fromEntries(Object.entries(output).filter(([key]) => key !== "hub_blob"))} fresh={false} />
      <p>
        <button type="button" class="small" disabled={asked && !trouble} onClick={() => setAsked(true)}>Show all{blob.size ? ` (${bytes(blob.size)})` : ""}</button>{" "}
        <a class="link" href={address(blob.sha256)} download>Download</a>
        {trouble && <span class="note"> {trouble}</span>}
      </p>
    </div>
  );
}

function filled(output: PlainOutput, mime: string, text: string): PlainOutput {
  if (output.output_type === "stream") return { ...output, text };
  return { ...output, data: { [mime]: text } };
}
