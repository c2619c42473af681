// Whether memory stays flat: resident memory and compiled programs over 10,000 training steps.
// npm run memory -- [--steps 10000 --executor native --lengths]

import { setImmediate as nextTurn } from "node:timers/promises";
import { parseArgs } from "node:util";
import { parseShape, random } from "./jobs.mjs";
import {
  adam,
  applyUpdates,
  chain,
  crossEntropyMean,
  defaultExecutor,
  executor,
  fromArray,
  Key,
  languageModel,
  leaves,
  scope,
  useExecutor,
  valueAndGrad,
} from "./longspan.mjs";

const { values: options } = parseArgs({
  options: {
    steps: { type: "string", default: "10000" },
    shape: { type: "string", default: "20,8,32,32" },
    executor: { type: "string" },
    lengths: { type: "boolean", default: false },
  },
});
if (options.executor) useExecutor(executor(options.executor));
const steps = Number(options.steps);
const early = Math.min(500, steps >> 1);
const { T, B, I, H } = parseShape(options.shape);
const draw = random(1);

const vocabulary = 50;
const model = languageModel({ vocabulary, features: I, hidden: H });
const rule = adam({ learningRate: 1e-3 });
let params = model.init(Key.of(1));
let state = rule.init(params);
const full = chain(new Array(B).fill(T));
const release = (tree) => {
  for (const t of leaves(tree)) t.dispose();
};

function step() {
  // With --lengths every batch is a structure that was never there before.
  const structure = options.lengths
    ? chain(Array.from({ length: B }, () => 1 + Math.floor(T * draw())))
    : full;
  const symbols = () =>
    fromArray(
      Int32Array.from({ length: structure.nodes }, () => Math.floor(vocabulary * draw())),
      [structure.nodes],
      "int32",
    );
  const next = scope(() => {
    const [x, y] = [symbols(), symbols()];
    const loss = valueAndGrad((p) => crossEntropyMean(model.apply(p, x, structure).output, y));
    const { grads } = loss(params);
    const { updates, state: after } = rule.update(grads, state, params);
    return { params: applyUpdates(params, updates), state: after };
  });
  release([params, state]);
  ({ params, state } = next);
}

async function reading() {
  await nextTurn();
  globalThis.gc?.();
  await nextTurn();
  const { compiled, bytesInUse, bytesReserved } = defaultExecutor().statistics;
  return { megabytes: process.memoryUsage().rss / 2 ** 20, compiled, bytesInUse, bytesReserved };
}

console.log(
  `node ${process.version}, executor ${defaultExecutor().name}, language model T=${T} B=${B} I=${I} H=${H}`,
);
console.log("  step   resident MB   executor MB in use   reserved   programs");
let first;
let last;
for (let i = 1; i <= steps; i++) {
  step();
  // As the training loop does: finalisers run when the event loop gets its turn.
  if (i % 20 === 0) await nextTurn();
  if (i === early || i % Math.ceil(steps / 10) === 0) {
    last = await reading();
    if (i === early) first = last;
    const mb = (bytes) => (bytes / 2 ** 20).toFixed(2);
    console.log(
      `${`${i}`.padStart(6)}${last.megabytes.toFixed(1).padStart(14)}${mb(last.bytesInUse).padStart(21)}${mb(last.bytesReserved).padStart(11)}${`${last.compiled}`.padStart(11)}`,
    );
  }
}
const growth = last.megabytes / first.megabytes - 1;
console.log(
  `resident memory ${(100 * growth).toFixed(1)} % over that after ${early} steps; programs compiled since: ${last.compiled - first.compiled}`,
);
process.exitCode =
  growth <= 0.05 && last.compiled === first.compiled && last.bytesInUse === first.bytesInUse ? 0 : 1;
