import { cosine, oneplus, sharpened, sigmoid, softmax, sum, taker } from "./plain-numbers.js";

/** A differentiable neural computer's memory in plain numbers: the equations of Graves et al. (2016), Methods, written once more. */
export interface DncTwin {
  memory: number[][];
  readWeights: number[][];
  writeWeights: number[];
  usage: number[];
  precedence: number[];
  links: number[][];
}

export interface DncSettings {
  readonly maskedKeys?: boolean;
  readonly deallocation?: boolean;
  readonly sharpenedLinks?: boolean;
}

export function newTwin(rows: number, width: number, readHeads: number): DncTwin {
  const zeros = (n: number) => new Array<number>(n).fill(0);
  return {
    memory: Array.from({ length: rows }, () => new Array<number>(width).fill(1e-6)),
    readWeights: Array.from({ length: readHeads }, () => zeros(rows)),
    writeWeights: zeros(rows),
    usage: zeros(rows),
    precedence: zeros(rows),
    links: Array.from({ length: rows }, () => zeros(rows)),
  };
}

/** The definition: rows in the order of their usage, the first of equals first. */
export function allocation(usage: readonly number[]): number[] {
  const order = usage.map((_, i) => i).sort((i, j) => usage[i]! - usage[j]! || i - j);
  const weights = usage.map(() => 0);
  let used = 1;
  for (const i of order) {
    weights[i] = (1 - usage[i]!) * used;
    used *= usage[i]!;
  }
  return weights;
}

/** What a step reads, head after head; the twin goes on. */
export function step(twin: DncTwin, emitted: readonly number[], settings: DncSettings): number[] {
  const width = twin.memory[0]!.length;
  const heads = twin.readWeights.map((_, r) => r);
  const take = taker(emitted);
  const keys = heads.map(() => take(width).map(Math.tanh));
  const strengths = take(heads.length).map(oneplus);
  const key = take(width).map(Math.tanh);
  const strength = oneplus(take(1)[0]!);
  const erase = take(width).map(sigmoid);
  const added = take(width).map(Math.tanh);
  const free = take(heads.length).map(sigmoid);
  const allocationGate = sigmoid(take(1)[0]!);
  const writeGate = sigmoid(take(1)[0]!);
  const modes = heads.map(() => softmax(take(3)));
  const mask = () => (settings.maskedKeys ? take(width).map(sigmoid) : new Array<number>(width).fill(1));
  const readMasks = heads.map(mask);
  const writeMask = mask();
  const exponents = () => heads.map(() => (settings.sharpenedLinks ? oneplus(take(1)[0]!) : 0));
  const backExponents = exponents();
  const forwardExponents = exponents();
  const content = (k: number[], beta: number, m: number[], memory: number[][]) => {
    const masked = (v: readonly number[]) => v.map((x, j) => x * m[j]!);
    return softmax(memory.map((row) => beta * cosine(masked(k), masked(row))));
  };

  const retained = twin.usage.map((_, i) =>
    heads.reduce((psi, r) => psi * (1 - free[r]! * twin.readWeights[r]![i]!), 1),
  );
  twin.usage = twin.usage.map((u, i) => {
    const w = twin.writeWeights[i]!;
    return (u + w - u * w) * retained[i]!;
  });
  const a = allocation(twin.usage);
  const c = content(key, strength, writeMask, twin.memory);
  const w = a.map((_, i) => writeGate * (allocationGate * a[i]! + (1 - allocationGate) * c[i]!));
  twin.writeWeights = w;
  twin.memory = twin.memory.map((row, i) =>
    row.map((m, j) => {
      const before = settings.deallocation ? m * retained[i]! : m;
      return before * (1 - w[i]! * erase[j]!) + w[i]! * added[j]!;
    }),
  );
  twin.links = twin.links.map((row, i) =>
    row.map((l, j) => (i === j ? 0 : (1 - w[i]! - w[j]!) * l + w[i]! * twin.precedence[j]!)),
  );
  twin.precedence = twin.precedence.map((p, i) => (1 - sum(w)) * p + w[i]!);
  twin.readWeights = twin.readWeights.map((before, r) => {
    const sharp = (d: number[], s: number) => (settings.sharpenedLinks ? sharpened(d, s) : d);
    const forward = sharp(
      twin.links.map((row) => sum(row.map((l, j) => l * before[j]!))),
      forwardExponents[r]!,
    );
    const backward = sharp(
      twin.links.map((_, i) => sum(before.map((b, j) => twin.links[j]![i]! * b))),
      backExponents[r]!,
    );
    const found = content(keys[r]!, strengths[r]!, readMasks[r]!, twin.memory);
    const [b, k, f] = modes[r]!;
    return found.map((x, i) => b! * backward[i]! + k! * x + f! * forward[i]!);
  });
  return twin.readWeights.flatMap((weights) =>
    Array.from({ length: width }, (_, j) => sum(weights.map((x, i) => x * twin.memory[i]![j]!))),
  );
}
