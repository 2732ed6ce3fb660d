// A small set of line icons, drawn for this client.
const paths: Record<string, string> = {
  back: "M10 3 5 8l5 5", plus: "M8 3v10M3 8h10", play: "M5 3.5v9l7-4.5z", stop: "M4.5 4.5h7v7h-7z", restart: "M12.5 8a4.5 4.5 0 1 1-1.4-3.2M12.7 2.4v2.9H9.8",
  up: "M8 13V3.5M4 7l4-4 4 4", down: "M8 3v9.5M4 9l4 4 4-4", trash: "M3 4.5h10M6.5 4V2.8h3V4M4.3 4.5l.6 8.7h6.2l.6-8.7M6.8 7v4M9.2 7v4", copy: "M6 6h7v7H6zM3 10V3h7",
  more: "M3.5 8h.01M8 8h.01M12.5 8h.01", folder: "M2.5 12.5v-9h4l1.5 2h5.5v7z", notebook: "M4 2.5h8.5v11H4zM2.6 5h2.2M2.6 8h2.2M2.6 11h2.2M7 5.5h3.2M7 8h3.2",
  search: "M7 11.5a4.5 4.5 0 1 0 0-9 4.5 4.5 0 0 0 0 9zM10.4 10.4 13.5 13.5", upload: "M8 10.5V3M5 5.8 8 2.8l3 3M3 12.8h10", download: "M8 2.8v7.5M5 7.4l3 3 3-3M3 12.8h10",
  edit: "M3 13l.7-2.9L10.6 3l2.4 2.4-7 7z", check: "M3.2 8.4l3.2 3.1 6.4-7", warn: "M8 2.5 14 13H2zM8 6.5v3M8 11.3h.01", sun: "M8 11a3 3 0 1 0 0-6 3 3 0 0 0 0 6zM8 1.5v1.6M8 12.9v1.6M1.5 8h1.6M12.9 8h1.6M3.4 3.4l1.1 1.1M11.5 11.5l1.1 1.1M12.6 3.4l-1.1 1.1M4.5 11.5l-1.1 1.1",
  moon: "M12.8 9.7A5.3 5.3 0 0 1 6.3 3.2a5.3 5.3 0 1 0 6.5 6.5z", auto: "M8 2.5a5.5 5.5 0 1 0 0 11zM8 2.5a5.5 5.5 0 0 1 0 11", close: "M4 4l8 8M12 4l-8 8", drag: "M6 4h.01M10 4h.01M6 8h.01M10 8h.01M6 12h.01M10 12h.01",
  help: "M6 6.2a2 2 0 1 1 2.7 1.9c-.5.2-.7.5-.7 1.1v.4M8 11.8h.01M8 14a6 6 0 1 0 0-12 6 6 0 0 0 0 12z", clock: "M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12zM8 4.8V8l2.2 1.6", undo: "M3 6h6.2a3.3 3.3 0 0 1 0 6.6H6M5.6 3.2 2.8 6l2.8 2.8",
  fold: "M4 6l4 4 4-4", save: "M3 3h8l2 2v8H3zM5.5 3v3.5h5V3M5.5 13V9.5h5V13", person: "M8 8a2.6 2.6 0 1 0 0-5.2A2.6 2.6 0 0 0 8 8zM3 13.4c.6-2.4 2.5-3.7 5-3.7s4.4 1.3 5 3.7",
};

/** An icon is decoration; the control around it carries the name. */
export function Icon({ name, size = 16 }: { name: string; size?: number }) {
  return (
    <svg class={`icon icon-${name}`} width={size} height={size} viewBox="0 0 16 16" fill={name === "play" || name === "stop" ? "currentColor" : "none"} stroke="currentColor" stroke-width={name === "more" || name === "drag" ? 2.2 : 1.4} stroke-linecap="round" stroke-linejoin="round" aria-hidden="true">
      <path d={paths[name] ?? ""} />
    </svg>
  );
}
