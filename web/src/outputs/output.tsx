// One output of a cell: the best of its forms.
import { LargeOutput } from "./large";
import { joined } from "./rank";
import { TextOutput } from "./text";

export type PlainOutput = Record<string, unknown>;

/** fresh: it came while this page was looking, so somebody here ran it. */
export function OutputView({ output, fresh }: { output: PlainOutput; fresh: boolean }) {
  switch (output.output_type) {
    case "stream":
      return <TextOutput text={joined(output.text)} tone={output.name === "stderr" ? "stderr" : "stdout"} label={output.name === "stderr" ? "Standard error" : "Output"} />;
    case "error":
      return <ErrorOutput output={output} />;
    case "display_data":
    case "execute_result":
      return <LargeOutput output={output} fresh={fresh} />;
    default:
      return <p class="note">An output of the unknown kind “{String(output.output_type)}”.</p>;
  }
}

function ErrorOutput({ output }: { output: PlainOutput }) {
  const lines = Array.isArray(output.traceback) ? (output.traceback as unknown[]).map(String) : [];
  const text = lines.length ? lines.join("\n") : `${String(output.ename ?? "Error")}: ${String(output.evalue ?? "")}`;
  return <TextOutput text={text} tone="traceback" label={`Error ${String(output.ename ?? "")}`} />;
}
