// The outputs of one cell.
import { useEffect, useRef, useState } from "preact/hooks";
import * as Y from "yjs";
import type { Cell } from "../doc/model";
import { OutputView, type PlainOutput } from "../outputs/output";
import { isHidden } from "./commands";
import { watchNear } from "./near";
import type { Notebook } from "./notebook";

const names = new WeakMap<object, string>();
let next = 0;

function keyOf(output: unknown, index: number): string {
  if (typeof output !== "object" || output === null) return `#${index}`;
  let name = names.get(output);
  if (!name) names.set(output, (name = `o${next++}`));
  return name;
}

interface Held { tick: number; plain: PlainOutput }
const cache = new WeakMap<object, Held>();

/** Reads an output; a text that did not grow is not read again. */
function plainOf(output: unknown): PlainOutput {
  if (!(output instanceof Y.Map)) return (output ?? {}) as PlainOutput;
  const text = output.get("text") as unknown;
  const tick = text instanceof Y.Text ? text.length : 0;
  const held = cache.get(output);
  if (held && held.tick === tick && (!(text instanceof Y.Text) || held.plain.text === text.toString())) return held.plain;
  const plain = output.toJSON() as PlainOutput;
  cache.set(output, { tick, plain });
  return plain;
}

export function outputsOf(cell: Cell): unknown[] {
  const outputs = cell.map.peek().get("outputs");
  return outputs instanceof Y.Array ? outputs.toArray() : Array.isArray(outputs) ? outputs : [];
}

export function CellOutputs({ nb, cell }: { nb: Notebook; cell: Cell }) {
  const box = useRef<HTMLDivElement>(null);
  const [near, setNear] = useState(false);
  const [, redraw] = useState(0);
  const frame = useRef(0);
  cell.map.value;
  const metadata = cell.metadata.value;

  // Streams come in bursts: one drawing a frame is enough.
  const tick = cell.outputTick.value;
  const drawn = useRef<unknown[]>([]);
  const read = useRef(-1);
  if (read.current === -1) {
    read.current = tick;
    drawn.current = outputsOf(cell);
  }
  useEffect(() => {
    if (read.current === tick) return;
    cancelAnimationFrame(frame.current);
    frame.current = requestAnimationFrame(() => {
      read.current = tick;
      drawn.current = outputsOf(cell);
      redraw((n) => n + 1);
    });
  }, [tick]);
  useEffect(() => () => cancelAnimationFrame(frame.current), []);

  const outputs = drawn.current;
  const some = outputs.length > 0;
  useEffect(() => (some && box.current ? watchNear(box.current, (is) => is && setNear(true)) : undefined), [some]);
  const held = useHeldHeight(box, some, nb.runs.value.has(cell.id));
  if (!some) return held ? <div class="outputs" style={{ minHeight: `${held}px` }} /> : null;
  const hidden = isHidden(metadata, "outputs");
  if (hidden) {
    return (
      <button type="button" class="collapsed-part" onClick={() => nb.setHidden(cell, "outputs", false)}>
        {outputs.length === 1 ? "1 output" : `${outputs.length} outputs`} hidden
      </button>
    );
  }
  const scrolled = metadata.scrolled === true || (metadata.scrolled !== false && near && outputs.every(isText) && lineCount(outputs) > 32);
  const fresh = nb.ran.has(cell.id);
  return (
    <div class={`outputs ${scrolled ? "scrolled" : ""}`} ref={box} role="group" aria-label="Outputs" tabIndex={scrolled ? 0 : undefined}>
      {near ? (
        <div class="outputs-inner">
          {outputs.map((output, index) => {
            const plain = plainOf(output);
            return (
              <div class="output" key={keyOf(output, index)}>
                {plain.output_type === "execute_result" && typeof plain.execution_count === "number" && <span class="out-count" aria-hidden="true">{plain.execution_count}</span>}
                <OutputView output={plain} fresh={fresh} />
              </div>
            );
          })}
        </div>
      ) : (
        <div class="outputs-wait" style={{ height: `${estimate(outputs)}px` }} />
      )}
    </div>
  );
}

/** A run that begins clears the outputs; their place is held for a moment, as most runs fill it again at once. */
function useHeldHeight(box: { current: HTMLElement | null }, some: boolean, running: boolean): number {
  const height = useRef(0);
  const [held, setHeld] = useState(0);
  const had = useRef(some);
  const clearing = had.current && !some && running;
  // The outputs are still in the page while their absence is being drawn.
  if (clearing && box.current?.isConnected) height.current = box.current.offsetHeight;
  useEffect(() => {
    had.current = some;
    if (!clearing) return;
    setHeld(height.current);
    const timer = setTimeout(() => setHeld(0), 600);
    return () => clearTimeout(timer);
  }, [some]);
  return some ? 0 : clearing ? height.current : held;
}

function isText(output: unknown): boolean {
  const type = output instanceof Y.Map ? output.get("output_type") : (output as PlainOutput | null)?.output_type;
  return type === "stream" || type === "error";
}

/** Lines of text outputs, counted as far as it matters. */
function lineCount(outputs: unknown[]): number {
  let lines = 0;
  for (const output of outputs) {
    const plain = plainOf(output);
    const text = Array.isArray(plain.traceback) ? plain.traceback.join("\n") : String(plain.text ?? "");
    for (let at = text.indexOf("\n"); at >= 0 && lines <= 100; at = text.indexOf("\n", at + 1)) lines++;
  }
  return lines;
}

/** How high outputs may get, so that the page is about as long as it will be. */
function estimate(outputs: unknown[]): number {
  let height = 0;
  for (const output of outputs) {
    const get = (key: string): unknown => (output instanceof Y.Map ? output.get(key) : (output as PlainOutput)[key]);
    const text = get("text");
    if (text !== undefined) height += Math.min(30, String(text instanceof Y.Text ? text.toString().slice(0, 4000) : text).split("\n").length) * 19 + 8;
    else if (Object.keys((get("data") as object | undefined) ?? {}).some((mime) => mime.startsWith("image/"))) height += 300;
    else height += 60;
  }
  return Math.min(height, 900);
}
