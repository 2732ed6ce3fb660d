// Where edits are kept in the browser: IndexedDB for the bytes, Web Locks to tell which pages live.

/** What one page has not sent. */
export interface Left { key: string; room: string; lineage: string; update: Uint8Array; time: number }

/** A browser may refuse to store anything, and forget what it stored; then nothing is kept, and nothing fails. */
export interface Shelf {
  /** Holds a key as long as this page lives, or until the returned function is called. */
  hold(key: string): Promise<() => void>;
  /** The keys that pages hold now, null when that cannot be told. */
  held(): Promise<Set<string> | null>;
  /** Comes when nobody holds a key any more; never when called off. */
  freed(key: string, callOff: AbortSignal): Promise<void>;
  all(): Promise<Left[]>;
  /** Puts one and takes others away, all at once. */
  replace(put: Left | null, remove: string[]): Promise<void>;
}

const name = "notebook-hub.unsent";

/** The shelf of this browser; null where it offers none, on plain HTTP from another machine for instance. */
export function browserShelf(): Shelf | null {
  const locks = navigator.locks as LockManager | undefined;
  if (typeof indexedDB === "undefined" || !locks) return null;
  const lock = (key: string, options: LockOptions, act: () => Promise<void> | void) => void locks.request(`${name} ${key}`, options, act).catch(() => {});
  const opened = open().catch(() => null);
  return {
    hold: (key) => new Promise((held) => lock(key, {}, () => new Promise<void>((release) => held(() => release())))),
    freed: (key, callOff) => new Promise((free) => lock(key, { signal: callOff }, () => free())),
    held: async () => {
      const state = await locks.query().catch(() => null);
      return state && new Set((state.held ?? []).flatMap((one) => (one.name?.startsWith(name + " ") ? [one.name.slice(name.length + 1)] : [])));
    },
    all: async () => {
      const left = await transact(await opened, "readonly", (store) => store.getAll() as IDBRequest<Left[]>);
      return left?.result ?? [];
    },
    replace: async (put, remove) => {
      await transact(await opened, "readwrite", (store) => {
        if (put) store.put(put);
        for (const key of remove) store.delete(key);
      });
    },
  };
}

function open(): Promise<IDBDatabase> {
  const request = indexedDB.open(name, 1);
  request.onupgradeneeded = () => request.result.createObjectStore(name, { keyPath: "key" });
  return new Promise((done, fail) => {
    request.onsuccess = () => done(request.result);
    request.onerror = fail;
  });
}

/** Does something in one transaction; null when it came to nothing. */
async function transact<T>(db: IDBDatabase | null, mode: IDBTransactionMode, act: (store: IDBObjectStore) => T): Promise<T | null> {
  try {
    const transaction = db!.transaction(name, mode);
    const result = act(transaction.objectStore(name));
    return await new Promise((done) => {
      transaction.oncomplete = () => done(result);
      transaction.onabort = () => done(null);
    });
  } catch {
    return null;
  }
}
