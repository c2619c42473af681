import {
  chain,
  forEachBatch,
  fromArray,
  heldOutPart,
  keptWeights,
  type Learner,
  meanSquaredErrorMean,
  numbersIn,
  type OpenedRun,
  type OwnCellMaker,
  type RunKind,
  runLayers,
  scope,
  sequenceModel,
  storedEncoding,
  type Tensor,
  type Traceable,
} from "longspan";
import type { ExampleKind } from "../../src/example-jobs/index.js";
import { openTable } from "../../src/tables/index.js";
import { type SumsSettings, sumsSettings } from "./kind.js";

type List = { readonly values: ArrayLike<number>; readonly sum: number };
/** What vocabulary.json keeps: the largest sum of training, in which the net answers. */
type Encoding = { readonly scale: number };

/** The net, its packed batches, and its answers: a row for each list. */
function netOf({ cell, hidden, layers }: SumsSettings, own: OwnCellMaker | null) {
  const layer = runLayers({ cell, hidden, layers, input: 1 }, own);
  const model = sequenceModel({ layer, features: layer.features!, output: 1 });
  const pack = (lists: readonly List[]) => ({
    structure: chain(lists.map(({ values }) => values.length)),
    x: Float32Array.from(lists.flatMap(({ values }) => Array.from(values))),
    sums: Float32Array.from(lists, ({ sum }) => sum),
  });
  type Params = ReturnType<typeof model.init>;
  const answers = (params: Traceable<Params>, { structure, x }: ReturnType<typeof pack>) => {
    const rows = structure.pack(fromArray(x, [x.length, 1]));
    return structure.sumPerSequence(model.apply(params, rows, structure).output);
  };
  const answersIn = async (params: Params, lists: readonly List[]) => {
    const found = scope(() => answers(params as Traceable<Params>, pack(lists)) as Tensor);
    const numbers = Array.from(await found.data());
    found.dispose();
    return numbers;
  };
  return { model, pack, answers, answersIn };
}
type Net = ReturnType<typeof netOf>;
type Params = ReturnType<Net["model"]["init"]>;

function learnerOf(
  settings: SumsSettings,
  { scale }: Encoding,
  own: OwnCellMaker | null,
): Learner<List, Params, ReturnType<Net["pack"]>> {
  const { model, pack, answers, answersIn } = netOf(settings, own);
  return {
    init: model.init,
    sizeOf: ({ values }) => values.length,
    predictions: ({ sums }) => sums.length,
    pack,
    loss(params, batch) {
      const right = fromArray(
        batch.sums.map((sum) => sum / scale),
        [batch.sums.length, 1],
      );
      return meanSquaredErrorMean(answers(params, batch), right);
    },
    async evaluate(params, lists, options) {
      let [squares, errors] = [0, 0];
      const complete = await forEachBatch(
        lists,
        ({ values }) => values.length,
        options,
        async (some) => {
          for (const [i, answer] of (await answersIn(params, some)).entries()) {
            squares += (answer - some[i]!.sum / scale) ** 2;
            errors += Math.abs(answer * scale - some[i]!.sum);
          }
        },
      );
      const examples = lists.length;
      return complete ? { loss: squares / examples, examples, measures: { error: errors / examples } } : null;
    },
  };
}

export const sumsJob: ExampleKind<SumsSettings, Encoding, List, Params> = {
  task: "sums",
  settings: sumsSettings,
  one: "list",
  lossUnit: "squared error",
  measures: [{ name: "error", words: "mean error", as: "number" }],
  async read({ path, settings: { valid: share }, encoding, whole, key }) {
    const lists: List[] = [];
    for await (const row of (await openTable(path)).rows())
      lists.push({ ...numbersIn(row.value("values"), 1), sum: row.number("sum") ?? 0 });
    const all = { train: [], valid: [...lists.keys()] };
    const { train, valid } = whole ? all : heldOutPart(lists.length, { share, key });
    const own = encoding ?? { scale: Math.max(...Array.from(train, (i) => lists[i]!.sum)) };
    const part = (numbers: Iterable<number>) => Array.from(numbers, (i) => lists[i]!);
    return { encoding: own, train: part(train), valid: part(valid), weights: null, summary: [] };
  },
  learner: learnerOf,
};

/** How a run is opened, for `longspan predict`, a server or a page. */
export const sumsRun: RunKind<OpenedRun> = {
  schema: { task: "sums", settings: {}, complete: false },
  open(config, source, { cell = null }) {
    const { scale } = storedEncoding(source, (found) => found as Encoding);
    const { model, answersIn } = netOf(config.settings as unknown as SumsSettings, cell);
    const kept = keptWeights(source, model);
    const predictor = () => ({
      input: "a list of numbers",
      format: "jsonl" as const,
      read: (value: unknown): unknown => ({ ...numbersIn(value, 1), sum: 0 }),
      predict: async (lists: readonly unknown[]) =>
        (await answersIn(kept.params, lists as List[])).map((answer) => ({ sum: answer * scale })),
    });
    return { kind: "sums", config, ...kept, predictor };
  },
};
