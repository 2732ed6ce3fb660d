// What this browser remembers between visits. Storage may be refused; then nothing is remembered and nothing breaks.

/** Reads a remembered value. */
export function read<T>(key: string, fallback: T): T {
  try {
    const text = localStorage.getItem("notebook-hub." + key);
    return text === null ? fallback : (JSON.parse(text) as T);
  } catch {
    return fallback;
  }
}

/** Remembers a value. */
export function write(key: string, value: unknown): void {
  try {
    localStorage.setItem("notebook-hub." + key, JSON.stringify(value));
  } catch {
    // Full or forbidden: the choice lasts as long as the page.
  }
}
