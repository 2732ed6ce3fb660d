// The cells of the shared document as signals: what changes re-renders, and nothing else does.
import { batch, type Signal, signal } from "@preact/signals";
import * as Y from "yjs";

export type CellType = "code" | "markdown" | "raw";
export type YCell = Y.Map<unknown>;

/** One cell on the page. It stays the same object while the cell is moved or retyped, which replaces its map in the document. */
export class Cell {
  readonly map: Signal<YCell>;
  readonly type: Signal<CellType>;
  readonly count: Signal<number | null>;
  readonly state: Signal<string>;
  readonly metadata: Signal<Record<string, unknown>>;
  /** Counts changes of the source. */
  readonly sourceTick = signal(0);
  /** Counts changes of the outputs. */
  readonly outputTick = signal(0);
  /** Local to this page: whether a Markdown cell shows its rendered form. */
  readonly rendered: Signal<boolean>;

  constructor(readonly key: string, readonly id: string, map: YCell) {
    this.map = signal(map);
    this.type = signal(typeOf(map));
    this.count = signal(countOf(map));
    this.state = signal(stateOf(map));
    this.metadata = signal(metadataOf(map));
    this.rendered = signal(sourceOf(map).trim() !== "");
  }

  get source(): Y.Text {
    return textOf(this.map.peek());
  }

  get text(): string {
    return sourceOf(this.map.peek());
  }

  /** Takes over what the document says now. */
  refresh(map: YCell): void {
    const swapped = this.map.peek() !== map;
    this.map.value = map;
    const type = typeOf(map);
    // What became Markdown just now is still being written.
    if (type === "markdown" && this.type.peek() !== "markdown") this.rendered.value = false;
    this.type.value = type;
    this.count.value = countOf(map);
    this.state.value = stateOf(map);
    const metadata = metadataOf(map);
    if (JSON.stringify(metadata) !== JSON.stringify(this.metadata.peek())) this.metadata.value = metadata;
    if (swapped) {
      this.sourceTick.value++;
      this.outputTick.value++;
    }
  }
}

const lost = new WeakMap<YCell, Y.Text>();

/** The source of a cell; a faulty cell without one reads as empty until the hub has repaired it. */
export function textOf(map: YCell): Y.Text {
  const source = map.get("source");
  if (source instanceof Y.Text) return source;
  let stand = lost.get(map);
  if (!stand) lost.set(map, (stand = new Y.Doc().getText("lost")));
  return stand;
}

export function sourceOf(map: YCell): string {
  return textOf(map).toString();
}

export function typeOf(map: YCell): CellType {
  const type = map.get("cell_type");
  return type === "code" || type === "markdown" ? type : "raw";
}

export function idOf(map: YCell): string {
  return String(map.get("id") ?? "");
}

export function metadataOf(map: YCell): Record<string, unknown> {
  const metadata = map.get("metadata");
  return metadata instanceof Y.Map ? (metadata.toJSON() as Record<string, unknown>) : {};
}

function countOf(map: YCell): number | null {
  const count = map.get("execution_count");
  return typeof count === "number" || typeof count === "bigint" ? Number(count) : null;
}

function stateOf(map: YCell): string {
  return map.get("execution_state") === "running" ? "running" : "idle";
}

/** Follows the list of cells. */
export class Cells {
  readonly list: Signal<Cell[]> = signal([]);
  private byMap = new Map<YCell, Cell>();

  constructor(private readonly array: Y.Array<YCell>) {
    this.rebuild();
    array.observeDeep((events) => batch(() => this.heed(events)));
  }

  get(id: string): Cell | undefined {
    return this.list.peek().find((cell) => cell.id === id);
  }

  index(id: string): number {
    return this.list.peek().findIndex((cell) => cell.id === id);
  }

  private heed(events: Y.YEvent<Y.AbstractType<unknown>>[]): void {
    if (events.some((event) => (event.target as unknown) === this.array)) this.rebuild();
    for (const event of events) this.mark(event);
  }

  private mark(event: Y.YEvent<Y.AbstractType<unknown>>): void {
    const target = event.target as Y.AbstractType<unknown>;
    if ((target as unknown) === this.array) return;
    let child = target;
    let top = target;
    while (top.parent && (top.parent as unknown) !== this.array) {
      child = top;
      top = top.parent as Y.AbstractType<unknown>;
    }
    const cell = this.byMap.get(top as unknown as YCell);
    if (!cell) return;
    if (target === top || child === (top as unknown as YCell).get("metadata")) cell.refresh(top as unknown as YCell);
    const keys = target === top ? (event as unknown as Y.YMapEvent<unknown>).keysChanged : null;
    if (keys?.has("source") || child === (top as unknown as YCell).get("source")) cell.sourceTick.value++;
    if (keys?.has("outputs") || child === (top as unknown as YCell).get("outputs")) cell.outputTick.value++;
  }

  private rebuild(): void {
    const before = new Map(this.list.peek().map((cell) => [cell.key, cell]));
    const seen = new Map<string, number>();
    const byMap = new Map<YCell, Cell>();
    const next: Cell[] = [];
    for (const map of this.array.toArray()) {
      if (!(map instanceof Y.Map)) continue;
      const id = idOf(map);
      const nth = seen.get(id) ?? 0;
      seen.set(id, nth + 1);
      const key = nth === 0 ? id : `${id}#${nth}`;
      const cell = before.get(key) ?? new Cell(key, id, map);
      cell.refresh(map);
      byMap.set(map, cell);
      next.push(cell);
    }
    this.byMap = byMap;
    this.list.value = next;
  }
}
