// Where edits are kept in the browser: IndexedDB for the bytes, Web Locks to tell which pages live.

/** What one page has not sent. */
export interface Left { key: string; room: string; lineage: string; update: Uint8Array; time: number }

export interface Shelf {
  /** Holds a key as long as this page lives, or until the returned function is called. */
  hold(key: string): Promise<() => void>;
  /** The keys that pages hold now. */
  held(): Promise<Set<string>>;
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
  // A browser may refuse to store anything, and forget what it stored; then nothing is kept, and nothing breaks.
  const opened = open().catch(() => null);
  const store = async (mode: IDBTransactionMode) => {
    try {
      return (await opened)?.transaction(name, mode).objectStore(name) ?? null;
    } catch {
      return null;
    }
  };
  return {
    hold: (key) => new Promise((held) => void locks.request(`${name} ${key}`, () => new Promise<void>((release) => held(() => release())))),
    held: async () => new Set(((await locks.query()).held ?? []).flatMap((lock) => (lock.name?.startsWith(name + " ") ? [lock.name.slice(name.length + 1)] : []))),
    freed: (key, callOff) => new Promise((free) => void locks.request(`${name} ${key}`, { signal: callOff }, () => free()).catch(() => {})),
    all: async () => {
      const left = await store("readonly");
      return left ? answer(left.getAll() as IDBRequest<Left[]>).catch(() => []) : [];
    },
    replace: async (put, remove) => {
      const left = await store("readwrite");
      if (!left) return;
      if (put) left.put(put);
      for (const key of remove) left.delete(key);
      const { transaction } = left;
      await new Promise<void>((done) => (transaction.oncomplete = transaction.onerror = transaction.onabort = () => done()));
    },
  };
}

function open(): Promise<IDBDatabase> {
  const request = indexedDB.open(name, 1);
  request.onupgradeneeded = () => request.result.createObjectStore(name, { keyPath: "key" });
  return answer(request);
}

function answer<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((done, fail) => {
    request.onsuccess = () => done(request.result);
    request.onerror = () => fail(request.error ?? new Error("the browser's storage failed"));
  });
}
