import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

export default defineConfig({
  resolve: {
    alias: [
      ...["engine", "node", "web"].map((entry) => ({
        find: new RegExp(`^longspan/${entry}$`),
        replacement: fileURLToPath(new URL(`packages/longspan/src/${entry}.ts`, import.meta.url)),
      })),
      {
        find: /^longspan$/,
        replacement: fileURLToPath(new URL("packages/longspan/src/index.ts", import.meta.url)),
      },
      ...["formats", "mpi"].map((name) => ({
        find: new RegExp(`^longspan-${name}$`),
        replacement: fileURLToPath(new URL(`packages/${name}/src/index.ts`, import.meta.url)),
      })),
    ],
  },
  test: {
    include: ["packages/*/test/**/*.test.ts", "tests/**/*.test.ts"],
    pool: "forks",
    maxWorkers: 2,
    testTimeout: 120_000,
    hookTimeout: 120_000,
    coverage: {
      provider: "v8",
      include: ["packages/*/src/**/*.ts"],
      reporter: ["text", "html", "json-summary"],
      reportsDirectory: "coverage",
    },
  },
});
