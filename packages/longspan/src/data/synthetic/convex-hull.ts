import { checkSettings } from "../../check/index.js";
import { lengthsFrom } from "./make-problem.js";
import { makePointingProblem, type PointingProblem } from "./pointing-problem.js";
import type { Lengths } from "./problem.js";

/**
 * The convex hull problem: points uniform in the unit square, to be pointed to where they are corners of the smallest convex polygon that
 * holds them all. Corners come counter-clockwise, from the one with the lowest place, and the first comes again at the end: that closes the
 * hull, whose number of corners nobody says beforehand.
 *
 * What was pointed to is right if it is the polygon, from whatever corner it starts; what follows the first return to its start does not
 * count.
 *
 * @param options.points how many, or the fewest and the most, each as probable, drawn for each source; at least 3
 * @see Vinyals, Fortunato, Jaitly (2015), "Pointer networks", section 3.1
 * @example
 * const { answers } = convexHullProblem({ points: 5 }).sample(Key.of(1), 0, 1);
 * answers[0]!.at(-1) === answers[0]![0] // true
 */
export function convexHullProblem(options: { readonly points: Lengths }): PointingProblem {
  const { points } = checkSettings("convexHullProblem", options, {
    points: lengthsFrom(3, "fewer have no polygon"),
  });
  return makePointingProblem({
    name: "convex-hull",
    input: 2,
    members: points,
    draw(draws, n) {
      const x = Float32Array.from({ length: 2 * n }, () => draws.uniform());
      const hull = convexHull(x);
      const start = hull.indexOf(Math.min(...hull));
      const corners = [...hull.slice(start), ...hull.slice(0, start)];
      return { x, answer: [...corners, corners[0]!] };
    },
    length: (n) => n + 1,
    right: isSamePolygon,
  });
}

/**
 * The corners of the convex hull of points, counter-clockwise, by Andrew's monotone chain: points in the order of their first coordinate,
 * once forwards for the lower half, once backwards for the upper.
 */
function convexHull(x: Float32Array): number[] {
  const order = Array.from({ length: x.length / 2 }, (_, i) => i).sort(
    (a, b) => x[2 * a]! - x[2 * b]! || x[2 * a + 1]! - x[2 * b + 1]!,
  );
  /** Twice the area of the triangle a, b, c: above 0 where it turns left. */
  const turn = (a: number, b: number, c: number) =>
    (x[2 * b]! - x[2 * a]!) * (x[2 * c + 1]! - x[2 * a + 1]!) -
    (x[2 * b + 1]! - x[2 * a + 1]!) * (x[2 * c]! - x[2 * a]!);
  const half = (of: readonly number[]) => {
    const corners: number[] = [];
    for (const p of of) {
      while (corners.length >= 2 && turn(corners.at(-2)!, corners.at(-1)!, p) <= 0) corners.pop();
      corners.push(p);
    }
    // The last is the first of the other half.
    return corners.slice(0, -1);
  };
  return [...half(order), ...half(order.toReversed())];
}

function isSamePolygon(pointed: readonly number[], answer: readonly number[]): boolean {
  const back = pointed.indexOf(pointed[0]!, 1);
  const corners = answer.slice(0, -1);
  if (back !== corners.length) return false;
  const start = corners.indexOf(pointed[0]!);
  return start >= 0 && corners.every((_, i) => corners[(start + i) % corners.length] === pointed[i]);
}
