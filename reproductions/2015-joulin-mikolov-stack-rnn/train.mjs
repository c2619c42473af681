// One training run: node train.mjs '{"language":"an-bn","net":"stack-rnn","seed":1}' prints its result as one line of JSON.

import { pathToFileURL } from "node:url";
import {
  applyUpdates,
  argmax,
  capture,
  chain,
  clipByValue,
  compose,
  crossEntropySum,
  defaultExecutor,
  formalLanguage,
  fromArray,
  Key,
  leaves,
  mapTree,
  read,
  scope,
  sgd,
  tensor,
  vjp,
  zeros,
} from "longspan";
import { LONGEST, tests } from "./languages.mjs";
import { network } from "./net.mjs";

/** Strings have n below 20. */
const N = [1, 19];
/** The paper's rate for stacks; at .1, an RNN diverges here. */
const rates = { "stack-rnn": 0.1, rnn: 0.01, lstm: 0.03 };
const defaults = {
  clip: 15,
  updates: 20_000,
  every: 1000,
  streams: 1,
  bptt: 50,
  depth: 60,
  patience: 3,
  worst: 1e-3,
};
/** No stack is deeper in a test: the string before it, and 2 n. */
const DEPTH = 200;

export async function trainOnce({ language, net: name, seed, minutes = 1e9, trace, ...settings }) {
  const {
    rate: start,
    clip,
    updates: most,
    every,
    streams,
    bptt,
    depth,
    patience,
    worst,
    ...stacks
  } = { rate: rates[name], ...defaults, ...settings };
  const symbols = formalLanguage({ language, n: N }).input;
  const [forInit, forStrings, forValidation] = Key.of(seed).split(3);
  const net = network(name, symbols, { depth, ...stacks });
  const optimiser = compose(clipByValue(clip), sgd({ learningRate: start }));
  const structure = chain(new Array(streams).fill(bptt));
  const lossOf = (params, { x, next }, initial) => {
    const inputs = fromArray(x, [structure.nodes, symbols]);
    const { logits, final } = net.run(params, inputs, structure, initial);
    return { loss: crossEntropySum(logits, fromArray(next, [structure.nodes], "int32")), final };
  };
  // The state that a window ends with begins the next one, as a number: no gradient goes from window to window.
  const step = capture((params, state, window, initial, learningRate) =>
    scope(() => {
      const { value, pullback } = vjp((p) => lossOf(p, window, initial), params);
      const grads = pullback({ loss: tensor(1), final: mapTree(value.final, (v) => zeros(v.shape)) });
      const { updates, state: after } = optimiser.update(grads, state, params, { learningRate });
      return { params: applyUpdates(params, updates), state: after, ...value };
    }),
  );
  const look = capture((params, window, initial) => scope(() => lossOf(params, window, initial)));
  const start0 = (params) =>
    scope(() => net.run(params, zeros([0, symbols]), chain(new Array(streams).fill(0))).final);
  const validate = async (params) => {
    const windows = stream(language, forValidation, { streams, bptt });
    let [total, state] = [0, start0(params)];
    for (let i = 0; i < 40; i++) {
      const { loss, final } = look(params, windows(), state);
      total += (await read(loss))[0];
      for (const t of [loss, ...leaves(state)]) t.dispose();
      state = final;
    }
    for (const t of leaves(state)) t.dispose();
    return total / (40 * structure.nodes);
  };

  const windows = stream(language, forStrings, { streams, bptt });
  let params = net.init(forInit);
  let state = optimiser.init(params);
  let carried = start0(params);
  let [rate, best, since, taken] = [start, Number.POSITIVE_INFINITY, 0, 0];
  const begin = performance.now();
  while (taken < most && rate > worst * start && performance.now() - begin < 60_000 * minutes) {
    for (const until = taken + every; taken < until; taken++) {
      const next = step(params, state, windows(), carried, rate);
      for (const t of [next.loss, ...leaves([params, state, carried])]) t.dispose();
      ({ params, state, final: carried } = next);
    }
    const loss = await validate(params);
    if (trace) {
      const seconds = ((performance.now() - begin) / 1000).toFixed(0);
      const scores = JSON.stringify(await score(name, stacks, language, symbols, params));
      process.stderr.write(`${taken} rate ${rate} loss ${loss.toFixed(4)} ${seconds} s ${scores}\n`);
    }
    // As in the paper, the rate is halved when the held-out entropy falls no more.
    if (loss < best - 1e-4) [best, since] = [loss, 0];
    else if (++since === patience) [rate, since] = [rate / 2, 0];
  }
  return {
    language,
    net: name,
    seed,
    ...(await score(name, stacks, language, symbols, params)),
    loss: Number(best.toFixed(4)),
    updates: taken,
    rate,
    seconds: Math.round((performance.now() - begin) / 1000),
    executor: defaultExecutor().name,
  };
}

/** Windows of so many steps of so many texts, one after the other: strings of the language without end. */
function stream(language, key, { streams, bptt }) {
  const one = formalLanguage({ language, n: N });
  const symbols = one.input;
  const texts = Array.from({ length: streams }, () => []);
  let drawn = 0;
  return () => {
    const x = new Float32Array(streams * bptt * symbols);
    const next = new Int32Array(streams * bptt);
    for (const [s, text] of texts.entries()) {
      while (text.length <= bptt) {
        const string = one.sample(key, drawn++, 1).x;
        for (let t = 0; t < string.length; t += symbols) text.push(string.indexOf(1, t) - t);
      }
      for (let t = 0; t < bptt; t++) {
        // Rows of equal chains: all sequences at a step, then the next step.
        const row = t * streams + s;
        x[row * symbols + text[t]] = 1;
        next[row] = text[t + 1];
      }
      text.splice(0, bptt);
    }
    return { x, next };
  };
}

/** For how many n the string is predicted wholly, of all, and the shortest that is not: as trained, and with rounding. */
async function score(name, stacks, language, symbols, params) {
  const one = async (rounded) => {
    const net = network(name, symbols, { ...stacks, depth: DEPTH, rounded });
    const right = [];
    for (const { n, symbols: text, scored } of tests(language)) {
      const x = new Float32Array(text.length * symbols);
      for (const [t, symbol] of text.entries()) x[t * symbols + symbol] = 1;
      const guesses = await read(
        scope(() =>
          argmax(net.run(params, fromArray(x, [text.length, symbols]), chain([text.length])).logits),
        ),
      );
      right.push({ n, right: scored.every((t) => guesses[t] === (text[t + 1] ?? 0)) });
    }
    return {
      share: Number(((100 * right.filter((r) => r.right).length) / right.length).toFixed(1)),
      firstWrong: right.find((r) => !r.right)?.n ?? null,
    };
  };
  return {
    of: LONGEST,
    mixed: await one(false),
    ...(name === "stack-rnn" ? { rounded: await one(true) } : {}),
  };
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  const result = await trainOnce(JSON.parse(process.argv[2]));
  process.stdout.write(`${JSON.stringify(result)}\n`);
}
