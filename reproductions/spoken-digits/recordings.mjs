// The recordings, and strings of digits made by joining them.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { onCpu, uniform } from "longspan";

/** The recordings whose takes are the test, as the data set's authors have it. */
const testTakes = 5;
/** Frames that go into the net as one: 20 ms. */
const together = 2;

/** Reads a folder with `mfcc13_f32le.bin` and `mfcc13_index.json`. @returns recordings { digit, speaker, take, frames: a row per 20 ms } */
function readRecordings(folder) {
  const { coeffs, columns, utterances } = JSON.parse(readFileSync(join(folder, "mfcc13_index.json"), "utf8"));
  const { buffer, byteOffset, byteLength } = readFileSync(join(folder, "mfcc13_f32le.bin"));
  const all = new Float32Array(buffer.slice(byteOffset, byteOffset + byteLength));
  return utterances.map((utterance) => {
    const of = Object.fromEntries(columns.map((name, i) => [name, utterance[i]]));
    const frames = Array.from({ length: Math.floor(of.n_frames / together) }, (_, t) => {
      const first = of.first_frame + t * together;
      return all.subarray(first * coeffs, (first + together) * coeffs);
    });
    return { digit: of.digit, speaker: of.speaker, take: of.take, frames };
  });
}

/** What a test may be about: takes that were not heard in training, or a speaker who was not. */
export const unheard = {
  takes: () => (recording) => recording.take < testTakes,
  speaker: (recordings, seed) => {
    const speakers = speakersOf(recordings);
    const one = speakers[seed % speakers.length];
    return ({ speaker }) => speaker === one;
  },
};

/**
 * The recordings of a folder in two parts.
 *
 * @param what of `unheard` @param seed says which speaker is left out
 * @returns { training, test }, each feature with the mean 0 and the variance 1 that it has over the training part
 */
export function partsOf(folder, what, seed) {
  const recordings = readRecordings(folder);
  const isTest = unheard[what](recordings, seed);
  const training = recordings.filter((r) => !isTest(r));
  const rows = training.flatMap(({ frames }) => frames);
  const meanOf = (f) => rows.reduce((total, row) => total + f(row), 0) / rows.length;
  const features = Array.from(rows[0], (_, i) => {
    const mean = meanOf((row) => row[i]);
    return { mean, deviation: Math.sqrt(meanOf((row) => (row[i] - mean) ** 2)) };
  });
  const normalised = ({ frames, ...rest }) => ({
    ...rest,
    frames: frames.map((row) => row.map((v, i) => (v - features[i].mean) / features[i].deviation)),
  });
  return { training: training.map(normalised), test: recordings.filter(isTest).map(normalised) };
}

/**
 * Strings of 3 to 7 digits, each spoken by one speaker: recordings drawn with replacement and laid end to end, nothing in between.
 *
 * @returns { digits, frames, said }: the digits, the rows of features, and for each of these its digit
 */
export function digitStrings(recordings, key, count) {
  const spokenBy = speakersOf(recordings).map((s) =>
    Array.from({ length: 10 }, (_, d) => recordings.filter((r) => r.speaker === s && r.digit === d)),
  );
  const width = 16; // a speaker, a length, and a digit and a recording for each of at most 7 places
  const draws = onCpu(uniform(key, [count, width])).toArray();
  return Array.from({ length: count }, (_, i) => {
    let next = i * width;
    const pick = (list) => {
      const draw = draws[next];
      next += 1;
      return list[Math.floor(draw * list.length)];
    };
    const spoken = pick(spokenBy);
    const chosen = Array.from({ length: pick([3, 4, 5, 6, 7]) }, () => pick(pick(spoken)));
    return {
      digits: chosen.map(({ digit }) => digit),
      frames: chosen.flatMap(({ frames }) => frames),
      said: chosen.flatMap(({ digit, frames }) => frames.map(() => digit)),
    };
  });
}

function speakersOf(recordings) {
  return [...new Set(recordings.map(({ speaker }) => speaker))].toSorted();
}
