// Undo and redo of what this page did, and of nothing else.
//
// One undo manager watches the cells for transactions of this page. Undoing the insertion of a cell that somebody else has
// written into by now takes back our own words and leaves theirs; undoing a move of such a cell moves it back
// instead of putting its former copy in place of theirs.
import { signal } from "@preact/signals";
import * as Y from "yjs";
import { idOf, type YCell } from "./model";
import { reorder } from "./edits";

/** The origin of edits of this page other than typing. */
export const local = { name: "local" };

// Yjs types its events by the type they come from; here any type will do.
type AnyType = Y.AbstractType<any>;

interface Note { order?: string[]; wanted?: string[]; cell?: string }

export class History {
  readonly canUndo = signal(false);
  readonly canRedo = signal(false);
  private readonly manager: Y.UndoManager;

  constructor(private readonly cells: Y.Array<YCell>) {
    this.manager = new Y.UndoManager(cells, {
      captureTimeout: 500,
      trackedOrigins: new Set<unknown>([local]),
      deleteFilter: (item) => !holdsOthers(item, cells),
    });
    const update = () => {
      this.canUndo.value = this.manager.undoStack.length > 0;
      this.canRedo.value = this.manager.redoStack.length > 0;
    };
    for (const event of ["stack-item-added", "stack-item-popped", "stack-cleared"] as const) this.manager.on(event, update);
  }

  /** Lets an editor's typing be undone. */
  track(origin: unknown): void {
    this.manager.addTrackedOrigin(origin);
  }

  untrack(origin: unknown): void {
    this.manager.removeTrackedOrigin(origin);
  }

  /** Makes the next edit a step of its own. */
  cut(): void {
    this.manager.stopCapturing();
  }

  /** Does something to the cells as one step. */
  step<T>(act: () => T): T {
    this.cut();
    const result = this.cells.doc!.transact(act, local);
    this.cut();
    return result;
  }

  /** Brings the cells into another order as one step. */
  move(wanted: string[]): void {
    const order = this.order();
    this.step(() => reorder(this.cells, wanted));
    const item = this.manager.undoStack[this.manager.undoStack.length - 1];
    item?.meta.set("note", { order, wanted } satisfies Note);
  }

  undo(): void {
    if (!this.moveBack(this.manager.undoStack, "order")) this.manager.undo();
  }

  redo(): void {
    if (!this.moveBack(this.manager.redoStack, "wanted")) this.manager.redo();
  }

  destroy(): void {
    this.manager.destroy();
  }

  /** Undoes a move as a move when somebody wrote into a moved cell since; else the manager does it better, because older steps still apply. */
  private moveBack(stack: Y.UndoManager["undoStack"], key: "order" | "wanted"): boolean {
    const item = stack[stack.length - 1];
    const note = item?.meta.get("note") as Note | undefined;
    const wanted = note?.[key];
    if (!item || !wanted) return false;
    const fresh = this.cells.toArray().filter((map) => item.insertions.clients.has(map._item!.id.client) && Y.isDeleted(item.insertions, map._item!.id));
    if (!fresh.some((map) => hasOthers(map, this.cells.doc!.clientID))) return false;
    stack.pop();
    this.cut();
    const now = this.order();
    const rest = now.filter((id) => !wanted.includes(id));
    this.cells.doc!.transact(() => reorder(this.cells, [...wanted.filter((id) => now.includes(id)), ...rest]), null);
    this.canUndo.value = this.manager.undoStack.length > 0;
    return true;
  }

  private order(): string[] {
    return this.cells.toArray().map(idOf);
  }
}

/** Whether a live piece of a type was written by another client. */
function hasOthers(type: AnyType, me: number): boolean {
  const check = (item: Y.Item | null): boolean => {
    if (!item || item.deleted) return false;
    if (item.id.client !== me && item.countable) return true;
    return item.content instanceof Y.ContentType && hasOthers(item.content.type as AnyType, me);
  };
  for (let item = type._start; item; item = item.right) if (check(item)) return true;
  for (const item of type._map.values()) if (check(item)) return true;
  return false;
}

/** Whether deleting this item would take away what others wrote: only asked of cells and of what holds text. */
function holdsOthers(item: Y.Item, cells: Y.Array<YCell>): boolean {
  if (!(item.content instanceof Y.ContentType)) {
    // A plain value of a cell (its id, its type) stays with the cell that stays.
    const owner = item.parent as AnyType | null;
    return item.parentSub !== null && owner instanceof Y.Map && owner.parent === cells && hasOthers(owner, cells.doc!.clientID);
  }
  const type = item.content.type as AnyType;
  if (hasOthers(type, cells.doc!.clientID)) return true;
  const owner = item.parent as AnyType | null;
  return item.parentSub !== null && owner instanceof Y.Map && owner.parent === cells && hasOthers(owner, cells.doc!.clientID);
}
