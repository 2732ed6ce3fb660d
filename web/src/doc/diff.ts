// The difference between two notebooks for a person to read: cells paired by id, then their lines.

export interface DiffLine { kind: "same" | "left" | "right"; text: string }
export interface CellDiff { id: string; status: "same" | "changed" | "left" | "right"; type: string; lines: DiffLine[]; notes: string[] }
export interface FileCell { id?: string; cell_type: string; source: string | string[]; metadata?: unknown; outputs?: unknown; attachments?: unknown }

const joined = (source: string | string[] | undefined) => (Array.isArray(source) ? source.join("") : (source ?? ""));

/** Lines of two texts, matched by a longest common subsequence (Myers' greedy algorithm, bounded). */
export function diffLines(left: string, right: string): DiffLine[] {
  const a = left.split("\n");
  const b = right.split("\n");
  let start = 0;
  while (start < a.length && start < b.length && a[start] === b[start]) start++;
  let tail = 0;
  while (tail < a.length - start && tail < b.length - start && a[a.length - 1 - tail] === b[b.length - 1 - tail]) tail++;
  const same = (text: string): DiffLine => ({ kind: "same", text });
  const middle = myers(a.slice(start, a.length - tail), b.slice(start, b.length - tail));
  return [...a.slice(0, start).map(same), ...middle, ...a.slice(a.length - tail).map(same)];
}

function myers(a: string[], b: string[]): DiffLine[] {
  const all = (): DiffLine[] => [...a.map((text) => ({ kind: "left" as const, text })), ...b.map((text) => ({ kind: "right" as const, text }))];
  const max = a.length + b.length;
  if (a.length === 0 || b.length === 0 || max > 20_000) return all();
  const reach = new Map<number, number>([[1, 0]]);
  const trail: Array<Map<number, number>> = [];
  for (let d = 0; d <= max; d++) {
    // Past this many differences a person reads the two sides, not the steps between them.
    if (d > 1000) return all();
    trail.push(new Map(reach));
    for (let k = -d; k <= d; k += 2) {
      const down = k === -d || (k !== d && (reach.get(k - 1) ?? -1) < (reach.get(k + 1) ?? -1));
      let x = down ? (reach.get(k + 1) ?? 0) : (reach.get(k - 1) ?? 0) + 1;
      while (x < a.length && x - k < b.length && a[x] === b[x - k]) x++;
      reach.set(k, x);
      if (x >= a.length && x - k >= b.length) return walkBack(a, b, trail, d);
    }
  }
  return all();
}

function walkBack(a: string[], b: string[], trail: Array<Map<number, number>>, depth: number): DiffLine[] {
  const lines: DiffLine[] = [];
  let x = a.length;
  let y = b.length;
  for (let d = depth; d > 0; d--) {
    const reach = trail[d]!;
    const k = x - y;
    const down = k === -d || (k !== d && (reach.get(k - 1) ?? -1) < (reach.get(k + 1) ?? -1));
    const from = down ? k + 1 : k - 1;
    const fromX = reach.get(from) ?? 0;
    const startX = down ? fromX : fromX + 1;
    while (x > startX) lines.push({ kind: "same", text: a[--x]! }), y--;
    if (down) lines.push({ kind: "right", text: b[--y]! });
    else lines.push({ kind: "left", text: a[--x]! });
  }
  while (x > 0) lines.push({ kind: "same", text: a[--x]! });
  return lines.reverse();
}

/** Compares the cells of two notebooks; left is the room, right is the disk. */
export function diffCells(left: FileCell[], right: FileCell[]): CellDiff[] {
  const key = (cell: FileCell, i: number) => cell.id ?? `#${i}`;
  const rightAt = new Map(right.map((cell, i) => [key(cell, i), cell]));
  const leftKeys = new Set(left.map(key));
  const result: CellDiff[] = [];
  const one = (id: string, l?: FileCell, r?: FileCell) => result.push(compare(id, l, r));
  let next = 0;
  left.forEach((cell, i) => {
    // Cells that only the right side has appear where they stand there.
    const at = right.findIndex((other, j) => key(other, j) === key(cell, i));
    for (; at >= 0 && next <= at; next++) if (next < at && !leftKeys.has(key(right[next]!, next))) one(key(right[next]!, next), undefined, right[next]);
    one(key(cell, i), cell, rightAt.get(key(cell, i)));
  });
  for (; next < right.length; next++) if (!leftKeys.has(key(right[next]!, next))) one(key(right[next]!, next), undefined, right[next]);
  return result;
}

function compare(id: string, left?: FileCell, right?: FileCell): CellDiff {
  const type = (left ?? right)!.cell_type;
  if (!left || !right) {
    const side = left ? "left" : "right";
    return { id, status: side, type, notes: [], lines: joined((left ?? right)!.source).split("\n").map((text) => ({ kind: side, text })) };
  }
  const notes: string[] = [];
  if (left.cell_type !== right.cell_type) notes.push(`type: ${left.cell_type} here, ${right.cell_type} on disk`);
  for (const field of ["metadata", "outputs", "attachments"] as const) {
    if (stable(left[field]) !== stable(right[field])) notes.push(`${field} differ`);
  }
  const lines = diffLines(joined(left.source), joined(right.source));
  const changed = notes.length > 0 || lines.some((line) => line.kind !== "same");
  return { id, status: changed ? "changed" : "same", type, lines, notes };
}

function stable(value: unknown): string {
  return JSON.stringify(value ?? null, (_key, inner: unknown) =>
    inner && typeof inner === "object" && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner as Record<string, unknown>).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
}
