// Makes the tarballs of a release, and tries them as users would: npm run release:dry [-- --folder DIR]. Nothing is published.

import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { stage } from "./stage.mjs";
import { tryRelease } from "./try-release.mjs";

const at = process.argv.indexOf("--folder");
const root = fileURLToPath(new URL("../..", import.meta.url));
const folder = at < 0 ? join(root, "release") : resolve(process.argv[at + 1]);
const tarballs = await stage(folder);
for (const file of Object.values(tarballs)) console.log(file);
const failed = await tryRelease(tarballs, root);
process.exitCode = failed === 0 ? 0 : 1;
