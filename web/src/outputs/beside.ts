// Where relative addresses in a notebook lead: to what lies beside it.
import { base, encodePath, hrefOf } from "../base";

/** How an address is used: to be drawn where it stands, or to be followed. */
export type Use = "shown" | "followed";

/** Turns a relative address into one of this site; null when it leads nowhere. */
export type Relative = (address: string, use: Use) => string | null;

/** The path, from the root of the notebooks, of what an address names as seen from a folder; null when that lies outside. */
export function pathBeside(folder: string, address: string): string | null {
  const names = folder ? folder.split("/") : [];
  const [bare = ""] = address.split(/[?#]/, 1);
  if (bare === "" || /^[a-z][a-z0-9+.-]*:|^[/\\]/i.test(bare)) return null;
  for (const part of bare.split("/")) {
    const name = decoded(part);
    if (name === "" || name === ".") continue;
    if (name === "..") {
      if (names.pop() === undefined) return null;
    } else if (/[/\\\u0000]/.test(name)) return null;
    else names.push(name);
  }
  return names.join("/");
}

/** Addresses as they are meant in a notebook of this folder: other notebooks open, folders list, files come as they are. */
export function beside(folder: string): Relative {
  return (address, use) => {
    const path = pathBeside(folder, address);
    if (path === null) return null;
    if (use === "shown") return path ? fileAddress(path) : null;
    const [bare = ""] = address.split(/[?#]/, 1);
    if (path === "" || /(^|\/)\.{0,2}$/.test(bare)) return hrefOf({ page: "home", dir: path });
    return /\.ipynb$/i.test(path) ? hrefOf({ page: "notebook", path }) + (/#.*$/.exec(address)?.[0] ?? "") : fileAddress(path);
  };
}

const fileAddress = (path: string) => `${base}api/v1/files/${encodePath(path)}`;

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
