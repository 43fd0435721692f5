import { defineConfig } from "vite";
import { compressed } from "./build/compressed";
import { early } from "./build/early";
import { land } from "./build/land";

// The API serves what lies in outDir: see functions/api/swath_api/explorer.py.
export default defineConfig({
  base: "./",
  plugins: [land(), early("/index.html", "/src/map/view.ts", ["maplibre-gl-worker"], ["./explorer/config.json"]), compressed()],
  esbuild: { jsx: "automatic", jsxImportSource: "preact", legalComments: "none" },
  resolve: {
    alias: {
      react: "preact/compat",
      "react-dom": "preact/compat",
    },
  },
  build: {
    outDir: "../functions/api/swath_api/built",
    emptyOutDir: true,
    assetsDir: "explorer",
    assetsInlineLimit: 0,
    target: "es2022",
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    chunkSizeWarningLimit: 2000,
    rollupOptions: {
      input: { index: "index.html", docs: "docs.html" },
      output: {
        entryFileNames: "explorer/[name]-[hash].js",
        chunkFileNames: "explorer/[name]-[hash].js",
        assetFileNames: "explorer/[name]-[hash][extname]",
      },
    },
  },
  worker: { format: "es" },
  test: { include: ["tests/**/*.test.ts"] },
} as import("vite").UserConfig);
