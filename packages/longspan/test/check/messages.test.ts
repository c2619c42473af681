import {
  adam,
  CellError,
  chain,
  defineCell,
  embedding,
  Key,
  layerNorm,
  linear,
  lstm,
  recurrent,
  rnn,
  textStreams,
  zeros,
} from "longspan";
import { describe, expect, it } from "vitest";

// What users of plain JavaScript wrote, and were told of the library's inside.
const anything = (x: unknown) => x as never;

describe("what was given is told by name", () => {
  const cell = lstm({ input: 3, hidden: 4 });
  it.each<[string, () => unknown, string]>([
    ["zeros([-1])", () => zeros([-1]), "zeros: shape [-1] is not a shape (sizes are non-negative integers)"],
    [
      'zeros("a")',
      () => zeros(anything("a")),
      'zeros: shape is a shape, a list of integers of at least 0 such as [2, 3], got "a"',
    ],
    ["chain(5)", () => chain(anything(5)), "chain: lengths is a list, got 5"],
    [
      "lstm()",
      () => lstm(anything(undefined)),
      "lstm: the settings are a record { input, hidden, forgetBias, squash, squashOutput, coupled, peepholes, projection, inputGate, forgetGate, outputGate }, got none",
    ],
    [
      'lstm({ input: "3" })',
      () => lstm(anything({ input: "3", hidden: 4 })),
      'lstm: input is a positive integer, got "3"',
    ],
    [
      "lstm({}).init()",
      () => cell.init(anything(undefined)),
      "lstm.init: key is missing; it is a Key, such as Key.of(1)",
    ],
    ["lstm({}).init(1)", () => cell.init(anything(1)), "lstm.init: key is a Key, such as Key.of(1), got 1"],
    [
      "layerNorm({})",
      () => layerNorm(anything({})),
      "layerNorm: features is missing; it is a positive integer",
    ],
    [
      "linear({ in, out })",
      () => linear(anything({ in: 3, out: 4 })),
      "linear: there is no setting in (did you mean input?); the settings are input, output, bias, W",
    ],
    [
      "embedding({ size, width })",
      () => embedding(anything({ size: 9, width: 4 })),
      "embedding: there is no setting size; the settings are vocabulary, features, std",
    ],
    [
      "recurrent({})",
      () => recurrent(anything({})),
      "recurrent: expected a cell, such as lstm({ input: 3, hidden: 4 }), got an object",
    ],
    [
      "adam({ learning_rate })",
      () => adam(anything({ learning_rate: 0.1 })),
      "adam: there is no setting learning_rate (did you mean learningRate?); the settings are learningRate, beta1, beta2, epsilon",
    ],
    [
      "textStreams(text)",
      () => textStreams(anything("text"), { streams: 1, steps: 1 }),
      'textStreams: symbols is a text in numbers, an Int32Array such as vocabulary.encode gives, got "text"',
    ],
    ["Key.of(0.5)", () => Key.of(0.5), "Key.of: seed is an integer, got 0.5"],
    [
      "rnn with a W that is no initialiser",
      () => rnn({ input: 1, hidden: 1, W: anything(5) }),
      "rnn: W is an initialiser, such as glorot(input, output), got 5",
    ],
  ])("%s", (_, call, message) => {
    expect(call).toThrow(message);
    expect(call).not.toThrow(/undefined \(reading/);
  });
});

describe("a cell of a user's own", () => {
  const mine = defineCell({
    name: "mine",
    inputs: ({ size }: { size: number }) => ({ x: [size] }),
    state: ({ size }) => ({ h: [size] }),
    params: () => ({}),
    step: ({ x, h }) => ({ state: { h }, output: x }),
  });

  it("says which of its functions failed, and keeps the cause", () => {
    let error: unknown;
    try {
      mine(anything(undefined));
    } catch (caught) {
      error = caught;
    }
    expect(error).toBeInstanceOf(CellError);
    expect((error as Error).message).toBe(
      "cell mine: its function inputs fails for the configuration undefined; give the cell what that function reads",
    );
    expect((error as Error).cause).toBeInstanceOf(TypeError);
  });

  it("tells what an initialiser said of it", () => {
    const other = defineCell({
      name: "other",
      inputs: () => ({ x: [1] }),
      state: () => ({ h: [1] }),
      params: ({ hidden }: { hidden: number }) => linear({ input: 1, output: hidden }) as never,
      step: ({ x, h }) => ({ state: { h }, output: x }),
    });
    expect(() => other(anything({}))).toThrow(
      "cell other: its function params fails for the configuration an empty record (linear: output is missing; it is a positive integer); give the cell what that function reads",
    );
  });

  it("misses a part of its definition by name", () => {
    expect(() => defineCell(anything({ name: "half", inputs: () => ({}) }))).toThrow(
      "defineCell: cell half: state is missing; it is a function",
    );
  });
});
