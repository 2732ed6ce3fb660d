// HTML that needs scripts, in a frame of an origin of its own: it can reach neither the page, nor its cookie, nor the hub.
import { useContext, useEffect, useRef, useState } from "preact/hooks";
import { base } from "../base";
import { isDark } from "../theme";
import { Outputs } from "./context";

const heights = new Map<string, number>();
const most = 4000;

export function FrameOutput({ html, fresh, what }: { html: string; fresh: boolean; what: string }) {
  const { trusted, trust, loader } = useContext(Outputs);
  const [asked, setAsked] = useState(false);
  if (fresh || asked || trusted.value) return <Frame html={loader() + html} />;
  return (
    <div class="held" role="group" aria-label="Output that runs scripts">
      <p>{what} It was here before you came. In its box it can reach neither this page nor the hub.</p>
      <p>
        <button type="button" class="small" onClick={() => setAsked(true)}>Run it</button>{" "}
        <button type="button" class="link" onClick={trust}>Always in this notebook</button>
      </p>
    </div>
  );
}

function Frame({ html }: { html: string }) {
  const frame = useRef<HTMLIFrameElement>(null);
  const known = `${html.length}:${html.slice(-200)}`;
  const [height, setHeight] = useState(heights.get(known) ?? 360);
  useEffect(() => {
    const hear = (event: MessageEvent) => {
      if (event.source !== frame.current?.contentWindow) return;
      const data = event.data as { ready?: unknown; height?: unknown } | null;
      // The frame's origin is opaque ("null"), so no target origin can be named; the message goes to this very window.
      if (data?.ready === true) frame.current!.contentWindow!.postMessage({ html, dark: isDark() }, "*");
      if (typeof data?.height === "number" && data.height > 0) {
        const next = Math.min(Math.ceil(data.height), most);
        heights.set(known, next);
        setHeight(next);
      }
    };
    window.addEventListener("message", hear);
    frame.current!.src = base + "sandbox.html";
    return () => window.removeEventListener("message", hear);
  }, [html]);
  return <iframe ref={frame} class="frame" title="Interactive output" sandbox="allow-scripts" referrerpolicy="no-referrer" loading="lazy" style={{ height: `${height}px` }} />;
}
