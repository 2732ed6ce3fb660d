// A JSON value as a tree that opens on demand.
import { useState } from "preact/hooks";

const page = 100;

export function JsonOutput({ value }: { value: unknown }) {
  return (
    <div class="json" role="group" aria-label="JSON output" tabIndex={0}>
      <Node name={null} value={value} open depth={0} />
    </div>
  );
}

function Node({ name, value, open: first, depth }: { name: string | null; value: unknown; open: boolean; depth: number }) {
  const [open, setOpen] = useState(first);
  const [shown, setShown] = useState(page);
  const label = name === null ? null : <span class="json-key">{name}: </span>;
  if (value === null || typeof value !== "object") {
    return <div class="json-leaf">{label}<Leaf value={value} /></div>;
  }
  const list = Array.isArray(value);
  const entries = open ? Object.entries(value as Record<string, unknown>) : [];
  const size = list ? value.length : Object.keys(value).length;
  return (
    <div class="json-branch">
      <button type="button" class="json-toggle" aria-expanded={open} onClick={() => setOpen(!open)}>
        <span class="twist" aria-hidden="true" />
        {label}
        <span class="json-size">{list ? `[${size}]` : `{${size}}`}</span>
      </button>
      {open && (
        <div class="json-children">
          {entries.slice(0, shown).map(([key, inner]) => <Node key={key} name={key} value={inner} open={depth < 1 && size <= 20} depth={depth + 1} />)}
          {entries.length > shown && <button type="button" class="link" onClick={() => setShown(shown + 10 * page)}>{entries.length - shown} more</button>}
        </div>
      )}
    </div>
  );
}

function Leaf({ value }: { value: unknown }) {
  const [whole, setWhole] = useState(false);
  if (typeof value !== "string") return <span class={`json-${value === null ? "null" : typeof value}`}>{String(value)}</span>;
  const long = value.length > 500 && !whole;
  return (
    <span class="json-string">
      {JSON.stringify(long ? value.slice(0, 500) : value)}
      {long && <button type="button" class="link" onClick={() => setWhole(true)}>{value.length - 500} more characters</button>}
    </span>
  );
}
