// A character model of a text, in the form of a problem: segments drawn from it, each character to be told from those before it.

import { chain, characterVocabulary, splitText } from "longspan";

const STEPS = 50;

/** Segments of the first nine tenths of a text to train on, and of the last tenth to test. */
export function characters(text) {
  const vocabulary = characterVocabulary(text);
  const { train, valid } = splitText(vocabulary.encode(text), 0.1);
  return { train: segments(train, vocabulary.size), test: segments(valid, vocabulary.size) };
}

function segments(symbols, size) {
  const structures = new Map();
  const structureOf = (count) => {
    if (!structures.has(count)) structures.set(count, chain(new Array(count).fill(STEPS)));
    return structures.get(count);
  };
  return {
    name: "characters",
    input: size,
    output: size,
    answer: "class",
    scored: "every step",
    steps: STEPS,
    baseline: Math.log(size),
    sample(key, batch, count) {
      const structure = structureOf(count);
      const ofBatch = key.fold(batch);
      const starts = Array.from(
        { length: count },
        (_, i) => (ofBatch.fold(i).words[0] >>> 0) % (symbols.length - STEPS),
      );
      const x = new Float32Array(structure.nodes * size);
      const targets = new Int32Array(structure.nodes);
      const { sequenceOf, positions, order } = structure.parts;
      for (let row = 0; row < structure.nodes; row++) {
        const at = starts[sequenceOf[row]] + positions[row];
        x[row * size + symbols[at]] = 1;
        targets[row] = symbols[at + 1];
      }
      return { x, structure, scored: order.map((_, row) => row), targets };
    },
    // Nothing here is right or wrong as a whole: the loss is what counts.
    wrong: () => 0,
  };
}
