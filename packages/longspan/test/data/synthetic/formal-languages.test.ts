import { type FormalLanguageName, formalLanguage, Key } from "longspan";
import { describe, expect, it } from "vitest";
import { answersOf, spread, symbolsOf, upTo } from "./sequences.js";

const written = (symbols: readonly number[]) => symbols.map((s) => "abcd"[s]).join("");

/** How a string looks, and from which letter on the next symbol is determined. */
const languages: Readonly<Record<FormalLanguageName, readonly [form: (n: number) => RegExp, from: string]>> =
  {
    "an-bn": [(n) => new RegExp(`^a{${n}}b{${n}}$`), "b"],
    "an-bn-cn": [(n) => new RegExp(`^a{${n}}b{${n}}c{${n}}$`), "b"],
    "an-bn-cn-dn": [(n) => new RegExp(`^a{${n}}b{${n}}c{${n}}d{${n}}$`), "b"],
    "an-b2n": [(n) => new RegExp(`^a{${n}}b{${2 * n}}$`), "b"],
    "an-bm-cnm": [(n) => new RegExp(`^a{${n}}b+c+$`), "c"],
  };
const names = Object.keys(languages) as FormalLanguageName[];

describe.each(names)("%s", (language) => {
  const [form, from] = languages[language];

  it("has the strings of the language, and asks for what follows where it is determined", () => {
    const problem = formalLanguage({ language, n: [1, 6] });
    const batch = problem.sample(Key.of(1), 0, 200);
    const seen: number[] = [];
    for (const b of upTo(200)) {
      const text = written(symbolsOf(batch, b, problem));
      const n = text.indexOf("b");
      seen.push(n);
      expect(text).toMatch(form(n));
      if (language === "an-bm-cnm") {
        const of = (letter: string) => text.split(letter).length - 1;
        expect(of("c")).toBe(of("a") + of("b"));
      }
      const { positions, answers } = answersOf(batch, b, problem);
      expect(positions).toEqual(upTo(text.length).filter((t) => text[t]! >= from));
      expect(written(answers.flat())).toBe(`${text}a`.slice(text.indexOf(from) + 1));
    }
    expect(spread(seen)).toEqual([1, 6, 6]);
  });

  it("the baseline is the entropy of the end of a determined run", () => {
    const problem = formalLanguage({ language, n: [2, 8], strings: 3 });
    const { scored, targets, x, structure } = problem.sample(Key.of(2), 0, 4000);
    // How often the symbol does not come again.
    const symbol = (row: number) => upTo(problem.input).find((i) => x[row * problem.input + i] === 1);
    const ends = [...scored.keys()].filter((i) => targets[i] !== symbol(scored[i]!)).length / scored.length;
    const entropy = -ends * Math.log(ends) - (1 - ends) * Math.log(1 - ends);
    expect(problem.baseline).toBeCloseTo(entropy, 2);
    expect(structure.sequences).toBe(4000);
  });
});

it("strings of a sequence follow each other", () => {
  const problem = formalLanguage({ language: "an-bn", n: 2, strings: 2 });
  const batch = problem.sample(Key.of(1), 0, 1);
  expect(written(symbolsOf(batch, 0, problem))).toBe("aabbaabb");
  expect(answersOf(batch, 0, problem)).toEqual({ positions: [2, 3, 6, 7], answers: [[1], [0], [1], [0]] });
});
