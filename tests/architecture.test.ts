import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const root = fileURLToPath(new URL("../", import.meta.url));

test("every path that docs/architecture.md names is there", () => {
  const page = readFileSync(`${root}docs/architecture.md`, "utf8");
  const paths = [...page.matchAll(/`([\w./-]+\/[\w./-]*)`/g)].map(([, path]) => path!);
  expect(paths.length).toBeGreaterThan(40);
  const missing = paths.filter(
    (path) => !existsSync(root + path) && !existsSync(`${root}packages/longspan/src/${path}`),
  );
  expect(missing).toEqual([]);
});
