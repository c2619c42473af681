import { check, count as countKind, list, size } from "../../check/index.js";
import { type Key, RandomNumbers } from "../../tensor/index.js";
import { keyKind } from "../../tensor/kinds.js";
import { chain, type Structure } from "../../unfold/index.js";
import type { Lengths } from "./problem.js";

/** A problem whose answers are members of its sources: for pointer networks. */
export interface PointingProblem {
  readonly name: string;
  /** Features of a member. */
  readonly input: number;
  /**
   * Sources number 0 to `count` - 1 of a batch, with their answers. Source i depends on the key, the number of the batch and i, on nothing
   * else.
   * @throws RangeError if the number of the batch or the count is not a whole number, or the count is 0
   */
  sample(key: Key, batch: number, count: number): PointingBatch;
  /** How many members are to be pointed to, for a source of so many members: enough for any answer. */
  length(members: number): number;
  /** Whether what was pointed to is the answer; what that means is said at each problem. */
  right(pointed: readonly number[], answer: readonly number[]): boolean;
}

/** Sources of a problem, with the members that are right. */
export interface PointingBatch {
  readonly source: {
    /** Members: [nodes, input], row-major, in the rows of the structure. */
    readonly x: Float32Array;
    /** A chain per source. */
    readonly structure: Structure;
  };
  readonly target: {
    /** The member that is right at each node, by its place in its source, in the rows of the structure. */
    readonly members: Int32Array;
    /** A chain per source. */
    readonly structure: Structure;
  };
  /** The same, source by source. */
  readonly answers: readonly (readonly number[])[];
}

/** A source as its problem makes it. */
export interface DrawnSource {
  /** [members, input] */
  readonly x: Float32Array;
  readonly answer: readonly number[];
}

/** What makes a problem of pointing. */
export interface PointingGenerator extends Omit<PointingProblem, "sample"> {
  /** How many members, drawn for each source. */
  readonly members: Lengths;
  /** One source. */
  draw(draws: RandomNumbers, members: number): DrawnSource;
}

/** The problem of a generator. */
export function makePointingProblem(generator: PointingGenerator): PointingProblem {
  const { name, input, members, length, right } = generator;
  const [fewest, most] = typeof members === "number" ? [members, members] : members;
  return {
    name,
    input,
    sample(key, batch, count) {
      check(`${name}.sample`, "key", key, keyKind);
      check(`${name}.sample`, "batch", batch, countKind);
      check(`${name}.sample`, "count", count, size);
      const ofBatch = key.fold(batch);
      const drawn = Array.from({ length: count }, (_, i) => {
        const draws = new RandomNumbers(ofBatch.fold(i));
        return generator.draw(draws, fewest + draws.below(most - fewest + 1));
      });
      const sources = chain(drawn.map(({ x }) => x.length / input));
      const targets = chain(drawn.map(({ answer }) => answer.length));
      const x = new Float32Array(sources.nodes * input);
      inRows(sources, (row, s, t) => {
        for (let i = 0; i < input; i++) x[row * input + i] = drawn[s]!.x[t * input + i]!;
      });
      const right = new Int32Array(targets.nodes);
      inRows(targets, (row, s, t) => {
        right[row] = drawn[s]!.answer[t]!;
      });
      return {
        source: { x, structure: sources },
        target: { members: right, structure: targets },
        answers: drawn.map(({ answer }) => answer),
      };
    },
    length(n) {
      check(`${name}.length`, "members", n, countKind);
      return length(n);
    },
    right(pointed, answer) {
      check(`${name}.right`, "pointed", pointed, list);
      check(`${name}.right`, "answer", answer, list);
      return right(pointed, answer);
    },
  };
}

function inRows(
  { nodes, parts }: Structure,
  put: (row: number, sequence: number, step: number) => void,
): void {
  for (let row = 0; row < nodes; row++) put(row, parts.sequenceOf[row]!, parts.positions[row]!);
}
