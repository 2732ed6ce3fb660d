// Large payloads lie beside the document: pictures are loaded as such, the rest when a person asks for it.
import { useContext, useMemo, useState } from "preact/hooks";
import { bytes } from "../bytes";
import { Outputs } from "./context";
import { BundleOutput, Picture, sizeOf } from "./bundle";
import type { PlainOutput } from "./output";
import { type Bundle, choose, type Reference, wholeBundle } from "./rank";

export function LargeOutput({ output, fresh }: { output: PlainOutput; fresh: boolean }) {
  const data = (output.data as Bundle | undefined) ?? {};
  const metadata = (output.metadata as Record<string, unknown> | undefined) ?? {};
  const references = (output.hub_blob as Record<string, Reference> | undefined) ?? {};
  const choice = useMemo(() => choose(wholeBundle(data, references)), [output]);
  const reference = references[choice.mime];
  const { blob } = useContext(Outputs);
  if (!reference?.sha256) return <BundleOutput data={data} metadata={metadata} fresh={fresh} />;
  if (choice.kind === "image" || choice.kind === "svg") return <Picture src={blob(reference.sha256)} data={data} size={sizeOf(metadata, choice.mime)} />;
  return <Asked address={blob(reference.sha256)} reference={reference} mime={choice.mime} metadata={metadata} fresh={fresh} />;
}

function Asked({ address, reference, mime, metadata, fresh }: { address: string; reference: Reference; mime: string; metadata: Record<string, unknown>; fresh: boolean }) {
  const [bundle, setBundle] = useState<Bundle | null>(null);
  const [state, setState] = useState<"" | "loading" | string>("");
  const load = async () => {
    setState("loading");
    try {
      const response = await fetch(address);
      if (!response.ok) throw new Error(`the hub answered with status ${response.status}`);
      const text = await response.text();
      setBundle({ [mime]: reference.json ? (JSON.parse(text) as unknown) : text });
    } catch (error) {
      setState(error instanceof Error ? error.message : String(error));
    }
  };
  if (bundle) return <BundleOutput data={bundle} metadata={metadata} fresh={fresh} />;
  return (
    <div class="held" role="group" aria-label="Large output">
      <p>A large output of the type {mime}{reference.size ? `, ${bytes(reference.size)}` : ""}.</p>
      <p>
        <button type="button" class="small" disabled={state === "loading"} onClick={() => void load()}>{state === "loading" ? "Loading…" : "Show it"}</button>{" "}
        <a class="link" href={address} download>Download</a>
        {state !== "" && state !== "loading" && <span class="note bad"> Not loaded: {state}</span>}
      </p>
    </div>
  );
}
