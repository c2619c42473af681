/** What a kind of job needs to be trained on in a test: a kind is a line here. */
export interface KindInTests {
  /** What follows `longspan train KIND`. */
  readonly argument: string;
  /** The file of that name; null where there is none to read. */
  readonly data: string | null;
  /** Settings that make it small and quick, as a settings file has them. */
  readonly settings: Readonly<Record<string, number | string>>;
  /** The body of the function that makes a cell of { input, hidden }. */
  readonly cell: string;
}

const small = { hidden: 8, batch: 4 };
const lines = (count: number, line: (i: number) => string) =>
  Array.from({ length: count }, (_, i) => `${line(i)}\n`).join("");
const word = (i: number) => `${"abc"[i % 3]}${"abcd"[i % 4]}${"abcde"[i % 5]}`;
const day = (i: number) => new Date(Date.UTC(2024, 0, 1 + i)).toISOString().slice(0, 10);

/** Every kind by its name. */
export const kindsInTests: Readonly<Record<string, KindInTests>> = {
  text: {
    argument: "a.txt",
    data: "the cat sat on the mat; the rat ran.\n".repeat(60),
    settings: { ...small, features: 4, seq: 16 },
    cell: "gru",
  },
  series: {
    argument: "a.csv",
    data: `time,y\n${lines(120, (i) => `${day(i)},${(10 + (i % 7) + i / 20).toFixed(2)}`)}`,
    settings: { ...small, horizon: 7 },
    cell: "gru",
  },
  classify: {
    argument: "a.jsonl",
    data: lines(60, (i) =>
      JSON.stringify({ text: `${word(i)} ${i % 2 ? "good" : "bad"}`, label: i % 2 ? "up" : "down" }),
    ),
    settings: { ...small, features: 4 },
    cell: "gru",
  },
  tag: {
    argument: "a.conllu",
    data: lines(40, (i) =>
      [word(i), word(i + 1)]
        .map((form, k) => `${k + 1}\t${form}\t_\t${"NV"[(i + k) % 2]}${"\t_".repeat(6)}\n`)
        .join(""),
    ),
    settings: { ...small, features: 4, characters: 4 },
    cell: "gru",
  },
  pairs: {
    argument: "a.tsv",
    data: lines(60, (i) => `${word(i)}\t${word(i).toUpperCase()}`),
    settings: { ...small, features: 4 },
    cell: "gru",
  },
  trees: {
    argument: "trees.txt",
    data: lines(40, (i) => `(${i % 2} (0 ${word(i)}) (1 (${i % 3 ? 1 : 0} ${word(i + 1)}) (0 c)))`),
    settings: { ...small, features: 4 },
    cell: "binaryTreeLstm",
  },
  synthetic: {
    argument: "adding",
    data: null,
    settings: { ...small, length: 12 },
    cell: "gru",
  },
};
