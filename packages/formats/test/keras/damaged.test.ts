// Damaged and hostile files give an error that says where, or a right reading. LONGSPAN_MUTATIONS=100000 tries as many of each kind,
// LONGSPAN_FIRST_SEED=50000 from there on.

import { readFileSync } from "node:fs";
import { WeightFileError } from "longspan";
import { readZip, writeZip } from "longspan/engine";
import { fromKeras, fromTensorflowjs, KerasError } from "longspan-formats";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { bytesOf, expectOutputs, textOf } from "./golden.js";

const tries = Number(process.env.LONGSPAN_MUTATIONS ?? 300);
const firstSeed = Number(process.env.LONGSPAN_FIRST_SEED ?? 0);
const timeout = 120_000 + 20 * tries;

/** Numbers in [0, 1) from a seed. */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    // The low bits of such a sequence repeat soon.
    return (state >>> 8) / 2 ** 24;
  };
}

/** Some bytes changed, a piece written over another, or the end cut off. */
function damaged(bytes: Uint8Array, next: () => number): Uint8Array {
  const copy = Uint8Array.from(bytes);
  const at = () => Math.floor(next() * copy.length);
  for (let n = 1 + Math.floor(next() * 4); n > 0; n--) {
    const way = next();
    if (way < 0.4) copy[at()]! ^= 1 << Math.floor(next() * 8);
    else if (way < 0.6) copy[at()] = next() < 0.5 ? 0 : 255;
    else if (way < 0.8) copy[at()] = Math.floor(next() * 256);
    else {
      const from = at();
      copy.copyWithin(at(), from, from + Math.floor(next() * 64));
    }
  }
  return next() < 0.1 ? copy.subarray(0, at()) : copy;
}

const junk = [
  null,
  -1,
  0,
  1,
  2,
  7,
  1e9,
  2 ** 53,
  1e300,
  0.5,
  "",
  "x",
  "softmax",
  "LSTM",
  "__proto__",
  [],
  {},
  [[]],
  true,
  false,
];

/** One value in a tree replaced, removed, or put in the position of another. */
function changed(tree: unknown, next: () => number): unknown {
  const copy = structuredClone(tree);
  const slots: [Record<string, unknown>, string][] = [];
  const visit = (node: unknown): void => {
    if (typeof node !== "object" || node === null) return;
    for (const key of Object.keys(node)) {
      slots.push([node as Record<string, unknown>, key]);
      visit((node as Record<string, unknown>)[key]);
    }
  };
  visit(copy);
  for (let n = 1 + Math.floor(next() * 2); n > 0; n--) {
    const [owner, key] = slots[Math.floor(next() * slots.length)]!;
    const way = next();
    if (way < 0.2) delete owner[key];
    else if (way < 0.7) owner[key] = junk[Math.floor(next() * junk.length)];
    else {
      const [other, name] = slots[Math.floor(next() * slots.length)]!;
      owner[key] = structuredClone(other[name]);
    }
  }
  return copy;
}

const outcomes = { read: 0, refused: 0 };

/** What a reading ended in is a model, or an error of the library with words that say where. */
async function expectRightOrRefused(read: () => unknown, seed: string): Promise<void> {
  try {
    await read();
    outcomes.read += 1;
  } catch (error) {
    const known = error instanceof KerasError || error instanceof WeightFileError;
    if (!known) throw new Error(`${seed}: ${(error as Error).stack}`);
    expect(error.message, seed).toMatch(/^(fromKeras|fromTensorflowjs|weight file)[:,]\s.*(; |expected )/s);
    expect(error.message.length, seed).toBeLessThan(2000);
    expect(error.message, seed).not.toMatch(/broke down/);
    outcomes.refused += 1;
  }
}

beforeEach(() => {
  Object.assign(outcomes, { read: 0, refused: 0 });
  for (const name of ["error", "warn", "log"] as const) vi.spyOn(console, name);
});
afterEach(() => {
  for (const name of ["error", "warn", "log"] as const) expect(console[name]).not.toHaveBeenCalled();
  vi.restoreAllMocks();
  // The mutations reach both what is checked and what is not.
  expect(outcomes.read).toBeGreaterThan(0);
  expect(outcomes.refused).toBeGreaterThan(tries / 10);
});

const golden = JSON.parse(textOf("golden.json"));

/** As if nothing had been: h5wasm has not broken down, and still reads. */
async function expectIntact(): Promise<void> {
  const model = await fromKeras(bytesOf("gru.keras"));
  expectOutputs(model, golden.gru[0]);
}

test("mutated .weights.h5 files", { timeout }, async () => {
  const bytes = bytesOf("weights.weights.h5");
  const { config } = golden;
  for (let seed = firstSeed; seed < firstSeed + tries; seed++)
    await expectRightOrRefused(() => fromKeras(damaged(bytes, random(seed)), { config }), `h5 ${seed}`);
  await expectIntact();
});

test("mutated .keras files", { timeout }, async () => {
  const bytes = bytesOf("words.keras");
  for (let seed = firstSeed; seed < firstSeed + tries; seed++)
    await expectRightOrRefused(() => fromKeras(damaged(bytes, random(seed))), `keras ${seed}`);
  await expectIntact();
});

test("mutated configurations of .keras files", { timeout }, async () => {
  const weights = new Map(["both", "words", "cells"].map((name) => [name, filesOf(name)]));
  for (let seed = firstSeed; seed < firstSeed + tries; seed++) {
    const next = random(seed);
    const { config, h5 } = weights.get(["both", "words", "cells"][seed % 3]!)!;
    const text = new TextEncoder().encode(JSON.stringify(changed(config, next)));
    const archive = writeZip(
      new Map([
        ["config.json", text],
        ["model.weights.h5", h5],
      ]),
    );
    await expectRightOrRefused(() => fromKeras(archive), `config ${seed}`);
  }
  await expectIntact();
});

test("mutated model.json files", { timeout }, async () => {
  const folder = new URL("../tensorflowjs/golden/", import.meta.url);
  const names = ["words_uint8", "functional", "cells"];
  const models = names.map((name) => ({
    text: readFileSync(new URL(`${name}.json`, folder), "utf8"),
    files: { [`${name}.bin`]: new Uint8Array(readFileSync(new URL(`${name}.bin`, folder))) },
  }));
  for (let seed = firstSeed; seed < firstSeed + tries; seed++) {
    const next = random(seed);
    const { text, files } = models[seed % 3]!;
    const json =
      seed % 2 === 0
        ? JSON.stringify(changed(JSON.parse(text), next))
        : new TextDecoder().decode(damaged(new TextEncoder().encode(text), next));
    await expectRightOrRefused(() => fromTensorflowjs(json, files), `json ${seed}`);
  }
});

/** The configuration and the weights of an archive of Keras, whose files are stored as they are. */
function filesOf(name: string): { config: unknown; h5: Uint8Array } {
  const files = readZip(bytesOf(`${name}.keras`));
  return {
    config: JSON.parse(new TextDecoder().decode(files.get("config.json")!.bytes)),
    h5: files.get("model.weights.h5")!.bytes,
  };
}
