// What outputs need to know about the page around them.
import { createContext } from "preact";
import type { ReadonlySignal, Signal } from "@preact/signals";
import type { Relative } from "./beside";

export interface OutputContext {
  /** Whether outputs of this notebook may run scripts in their frames without being asked. */
  trusted: Signal<boolean>;
  trust(): void;
  /** Where relative addresses lead: it is another function once the notebook is in another folder. */
  relative: ReadonlySignal<Relative>;
  /** The address of a large output. */
  blob(sha256: string): string;
  /** A script that has to run before a Bokeh figure: the loader that an earlier cell printed. */
  loader(): string;
  onAnchor(name: string): void;
}

export const Outputs = createContext<OutputContext>(null as unknown as OutputContext);
