import {
  chain,
  grad,
  Key,
  leaves,
  mean,
  mul,
  normal,
  onCpu,
  rnn,
  square,
  sub,
  type Traceable,
  unfold,
} from "longspan";
import { describe, expect, test } from "vitest";

// Clipping inside the recurrence guarantees nothing of the gradient of the parameters; this is what it does on random nets whose
// gradients explode.
const [T, I, H] = [30, 3, 8];
const structure = chain([T, T, T]);
const cell = rnn({ input: I, hidden: H });

function gradients(seed: number, clipState: number): { full: number[]; clipped: number[] } {
  const [x, y] = [1, 2].map((k) =>
    normal(Key.of(seed).fold(k), [structure.nodes, k === 1 ? I : H], "float64"),
  );
  const start = cell.init(Key.of(seed), "float64");
  const params = { ...start, W: mul(start.W, 1.6), U: mul(start.U, 0.3) };
  const loss = (p: Traceable<typeof params>, options: { clipState?: number }) =>
    mean(square(sub(unfold(cell, p, { x: x! }, structure, options).output, y!)));
  const of = (options: { clipState?: number }) =>
    leaves(grad(loss)(params, options)).flatMap((t) => [...onCpu(t).toArray()]);
  return { full: of({}), clipped: of({ clipState }) };
}
const dot = (a: number[], b: number[]) => a.reduce((s, v, i) => s + v * b[i]!, 0);
const norm = (a: number[]) => Math.sqrt(dot(a, a));
const cosine = (a: number[], b: number[]) => dot(a, b) / (norm(a) * norm(b));

describe("clipState", () => {
  test("with a limit that nothing reaches, the gradient is the full one, bit for bit", () => {
    const { full, clipped } = gradients(1, 1e6);
    expect(clipped).toEqual(full);
  });

  test("has no guarantee: the direction is lost, even that of descent, and the norm has no bound of its own", () => {
    const limit = 1e-3;
    const seen = Array.from({ length: 40 }, (_, seed) => {
      const { full, clipped } = gradients(seed, limit);
      return { cosine: cosine(full, clipped), norm: norm(clipped), before: norm(full) };
    });
    const cosines = seen.map((s) => s.cosine);
    // The figures of docs/optimisers.md.
    expect(Math.min(...cosines).toFixed(2)).toBe("-0.12");
    expect(Math.max(...cosines).toFixed(2)).toBe("0.53");
    expect(cosines.filter((c) => c < 0).length).toBe(2);
    for (const { norm, before } of seen) {
      expect(norm).toBeLessThan(before);
      expect(norm).toBeGreaterThan(100 * limit);
    }
  });
});
