// Where cells go: pure arithmetic on lists of ids.

/** A move of one cell: take it away, then put it in front of the cell that is then at `to`. */
export interface Move { id: string; to: number }

/**
 * The fewest moves that turn one order into another one of the same ids. Cells on a longest increasing run stay where they
 * are, because a move replaces a cell in the document and costs whoever types in it their place.
 */
export function movesBetween(from: string[], wanted: string[]): Move[] {
  const at = new Map(from.map((id, i) => [id, i]));
  const rank = wanted.map((id) => at.get(id)!);
  const keep = new Set(longestRun(rank).map((i) => wanted[i]!));
  const current = [...from];
  const moves: Move[] = [];
  wanted.forEach((id, i) => {
    if (keep.has(id)) return;
    current.splice(current.indexOf(id), 1);
    const to = i === 0 ? 0 : current.indexOf(wanted[i - 1]!) + 1;
    current.splice(to, 0, id);
    moves.push({ id, to });
  });
  return moves;
}

/** Indexes of a longest strictly increasing run of values (patience sorting). */
export function longestRun(values: number[]): number[] {
  const tops: number[] = [];
  const previous = new Array<number>(values.length).fill(-1);
  values.forEach((value, i) => {
    let low = 0;
    let high = tops.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (values[tops[middle]!]! < value) low = middle + 1;
      else high = middle;
    }
    if (low > 0) previous[i] = tops[low - 1]!;
    tops[low] = i;
  });
  const run: number[] = [];
  for (let i = tops.length ? tops[tops.length - 1]! : -1; i >= 0; i = previous[i]!) run.push(i);
  return run.reverse();
}

/** The order after the chosen cells moved up or down by one, as a block that closes its gaps. */
export function shifted(order: string[], chosen: Set<string>, by: -1 | 1): string[] {
  const next = [...order];
  const indexes = next.map((id, i) => (chosen.has(id) ? i : -1)).filter((i) => i >= 0);
  if (indexes.length === 0) return next;
  const first = indexes[0]!;
  const last = indexes[indexes.length - 1]!;
  const target = by < 0 ? first - 1 : last + 1;
  if (target < 0 || target >= next.length) return next;
  return dropped(order, chosen, order[target]!, by < 0 ? "before" : "after");
}

/** The order after the chosen cells were dropped before or after another one. */
export function dropped(order: string[], chosen: Set<string>, target: string, side: "before" | "after"): string[] {
  if (chosen.has(target)) return [...order];
  const block = order.filter((id) => chosen.has(id));
  const rest = order.filter((id) => !chosen.has(id));
  rest.splice(rest.indexOf(target) + (side === "after" ? 1 : 0), 0, ...block);
  return rest;
}

/** The ids from one cell to another, whichever comes first. */
export function between(order: string[], a: string, b: string): string[] {
  const i = order.indexOf(a);
  const j = order.indexOf(b);
  if (i < 0 || j < 0) return j >= 0 ? [b] : i >= 0 ? [a] : [];
  return order.slice(Math.min(i, j), Math.max(i, j) + 1);
}
