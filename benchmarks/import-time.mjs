// The time of `import "longspan"` in a fresh process: from the modules as they are built, and from the bundle of a release.
// Where other programs have the machine too, look at the processor time. Options: --rounds (15).
import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { bundleFolder, bundleForNode, withBundle } from "../scripts/release/bundle.mjs";

const { values } = parseArgs({ options: { rounds: { type: "string", default: "15" } } });
const library = fileURLToPath(new URL("../packages/longspan", import.meta.url));
const budget = 80;

const folder = mkdtempSync(join(tmpdir(), "longspan import "));
try {
  mkdirSync(join(folder, "build"));
  for (const name of ["build", "dist"]) cpSync(join(library, name), join(folder, name), { recursive: true });
  await bundleForNode(library, folder);
  const manifest = withBundle(JSON.parse(readFileSync(join(library, "package.json"), "utf8")));
  writeFileSync(join(folder, "package.json"), JSON.stringify(manifest));
  const sides = {
    "node alone": "data:text/javascript,",
    modules: pathToFileURL(join(folder, "dist", "index.js")).href,
    release: pathToFileURL(join(folder, bundleFolder, "index.js")).href,
  };
  const times = Object.fromEntries(Object.keys(sides).map((side) => [side, { clock: [], processor: [] }]));
  for (let round = 0; round <= Number(values.rounds); round++)
    for (const [side, address] of Object.entries(sides)) {
      const timed = `const [begun, used] = [performance.now(), process.cpuUsage()];
        await import(${JSON.stringify(address)});
        const { user, system } = process.cpuUsage(used);
        console.log(JSON.stringify({ clock: performance.now() - begun, processor: (user + system) / 1000 }));`;
      const found = JSON.parse(
        execFileSync(process.execPath, ["--input-type=module", "-e", timed], { encoding: "utf8" }),
      );
      if (round === 0) continue; // the first round reads the files from the disk
      for (const [by, ms] of Object.entries(found)) times[side][by].push(ms);
    }
  const median = (all) => all.sort((a, b) => a - b)[Math.floor((all.length - 1) / 2)];
  console.log(`Node.js ${process.version}, ${cpus()[0].model}, medians of ${values.rounds} processes, in ms`);
  console.log(`${"".padEnd(12)}   clock   processor time`);
  for (const [side, { clock, processor }] of Object.entries(times))
    console.log(
      side.padEnd(12) + median(clock).toFixed(1).padStart(8) + median(processor).toFixed(1).padStart(12),
    );
  // The clock goes on while other programs have the machine.
  const within = Math.min(median(times.release.clock), median(times.release.processor)) < budget;
  console.log(`${within ? "within" : "over"} the budget of ${budget} ms`);
  process.exitCode = within ? 0 : 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
