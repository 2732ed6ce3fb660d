// Where the hub is: everything the client asks for is relative to <base href>, which the server sets.

/** The hub's address, with a trailing slash. */
export const base: string = new URL(".", document.baseURI).href;

/** The path below which the hub lives, with a trailing slash. */
export const prefix: string = new URL(base).pathname;

/** Percent-encodes a notebook path segment by segment. */
export function encodePath(path: string): string {
  return path.split("/").map(encodeURIComponent).join("/");
}

/** The WebSocket address of the room sockets, without the room id. */
export function socketBase(): string {
  return base.replace(/^http/, "ws") + "ws";
}

export type Place =
  | { page: "home"; dir: string }
  | { page: "notebook"; path: string }
  | { page: "room"; id: string };

/** Reads a place from an address of this site. */
export function placeOf(url: string): Place {
  const pathname = new URL(url, base).pathname;
  const rest = pathname.startsWith(prefix) ? pathname.slice(prefix.length) : pathname.slice(1);
  const [head = "", ...tail] = rest.split("/");
  const path = tail.map(decode).join("/").replace(/\/+$/, "");
  if (head === "notebooks" && path) return { page: "notebook", path };
  if (head === "rooms" && path) return { page: "room", id: path };
  return { page: "home", dir: head === "tree" ? path : "" };
}

/** The address of a place, as a path on this origin. */
export function hrefOf(place: Place): string {
  switch (place.page) {
    case "home":
      return prefix + (place.dir ? "tree/" + encodePath(place.dir) : "");
    case "notebook":
      return prefix + "notebooks/" + encodePath(place.path);
    case "room":
      return prefix + "rooms/" + place.id;
  }
}

function decode(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}
