// After vite: compresses what is served, and stores the hash of what the build was made from, so that a test without node can tell whether dist is stale.
import { createHash } from "node:crypto";
import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { dirname, join, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { constants, gzipSync } from "node:zlib";

const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** All files below a folder, sorted by their path with "/". */
export function files(folder) {
  const found = [];
  for (const name of readdirSync(folder)) {
    const path = join(folder, name);
    if (statSync(path).isDirectory()) found.push(...files(path));
    else found.push(path);
  }
  return found.sort();
}

/** What the build depends on, in the order in which it is hashed. Kept equal to sources in embed_test.go. */
export function sources() {
  const single = ["package.json", "package-lock.json", "tsconfig.json", "vite.config.ts", "index.html", ".npmrc"].map((name) => join(root, name));
  const all = [...single, ...["src", "public", "build"].flatMap((name) => files(join(root, name)))];
  return all.map((path) => relative(root, path).split(sep).join("/")).sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
}

export function sourceHash() {
  const hash = createHash("sha256");
  for (const path of sources()) {
    const content = readFileSync(join(root, path));
    hash.update(`${path}\0${content.length}\0`).update(content);
  }
  return hash.digest("hex");
}

const dist = join(root, "dist");
for (const path of files(join(dist, "assets"))) {
  if (!/\.(js|css|svg)$/.test(path) || statSync(path).size < 1024) continue;
  const packed = gzipSync(readFileSync(path), { level: constants.Z_BEST_COMPRESSION });
  // Byte 9 names the operating system of the packer: the same build must be the same bytes everywhere.
  packed[9] = 255;
  writeFileSync(path + ".gz", packed);
}
writeFileSync(join(dist, "source.sha256"), sourceHash() + "\n");
