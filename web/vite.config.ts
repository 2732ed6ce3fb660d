import { defineConfig, type Plugin } from "vite";

/** KaTeX ships each font three times; every browser that runs this page reads woff2. */
const woff2Only: Plugin = {
  name: "katex-woff2-only",
  enforce: "pre",
  transform(code, id) {
    if (!/katex\.css$/.test(id)) return null;
    return { code: code.replace(/, ?url\([^)]*\.(?:woff|ttf)\) format\("[^"]*"\)/g, ""), map: null };
  },
};

// Paths are relative to <base href>, which the server sets, so that one build works under any prefix.
export default defineConfig({
  base: "./",
  plugins: [woff2Only],
  // Modules are ordered by their paths: those of packages must not depend on where a linked node_modules leads.
  resolve: { preserveSymlinks: true },
  build: {
    target: "es2022",
    outDir: "dist",
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 900,
    reportCompressedSize: false,
  },
  test: { environment: "jsdom", include: ["test/unit/**/*.test.ts"] },
} as Parameters<typeof defineConfig>[0]);
