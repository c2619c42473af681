import {
  collectSeries,
  forecastInputs,
  forecastModel,
  forecastSetup,
  forecastWindows,
  Key,
  recurrent,
  reservoirForecastModel,
  rnn,
} from "longspan";
import {
  argument,
  atLeastZero,
  choice,
  count,
  func,
  key,
  maybe,
  nullable,
  positive,
  rate,
  settings,
  share,
  size,
  thing,
  tree,
} from "./arguments.js";
import { exempt, type Row, type Rows, row } from "./calls.js";

const set = () => {
  const collector = collectSeries();
  for (let k = 0; k < 40; k++) collector.add({ target: k % 4 }, k);
  return collector.finish();
};
const setup = () => forecastSetup(set(), { horizon: 4, season: 4 });
const freeSetup = () => forecastSetup(set(), { horizon: 4, season: 4, distribution: { kind: "residual" } });
const model = () =>
  forecastModel(setup(), { layer: recurrent(rnn({ input: forecastInputs(setup()), hidden: 3 })) });
const windows = () => forecastWindows(set().series, setup()).train;
const windowing = () =>
  maybe(
    settings({
      valid: maybe(rate(0.1)),
      test: maybe(rate(0.1)),
      stride: maybe(size(4)),
      most: maybe(count(100)),
    }),
  );
const theSetup = () => argument(setup(), [], {});
const numbers = () => argument([1, 2, 3, 4, 5, 6], ["list"]);
const named = (names: readonly string[], why: string): Row["methods"] =>
  Object.fromEntries(names.map((name) => [name, exempt(why)]));
const learner = ["init", "sizeOf", "pack", "predictions", "loss", "evaluate"];
const task = ["batch", "curvatureBatch", "predictions", "carriedAtStart", "loss", "describe", "share"];

/** Rows of forecasts of time series. */
export const seriesRows: Rows = {
  collectSeries: () =>
    row(
      {
        config: maybe(
          settings({
            covariates: maybe(
              argument([{ name: "price", role: "past" }], ["list"], [{ name: "price", role: "never" }]),
            ),
            steps: maybe(choice("times")),
            word: maybe(argument("line", ["text"], 3)),
          }),
        ),
      },
      { methods: named(["add", "finish"], "its errors name the record, not an argument") },
    ),
  forecastErrors: () =>
    row({
      input: settings({
        actual: argument([1, 2], ["list"]),
        forecast: argument([1, 2], ["list"], [1]),
        quantiles: maybe(argument([[1], [2]], ["list"], [[1]])),
        levels: maybe(argument([0.5], ["list"], [1.5])),
        scale: maybe(argument(1, ["number"], 0)),
      }),
    }),
  naiveScale: () => row({ values: numbers(), season: size(2) }),
  seasonalNaive: () => row({ values: numbers(), season: size(2), horizon: size(2) }),
  forecastSetup: () =>
    row({
      set: thing(set()),
      settings: settings({
        horizon: size(4),
        context: maybe(size(8)),
        season: maybe(size(4)),
        base: maybe(choice("season")),
        scaling: maybe(choice("window")),
        way: maybe(choice("direct")),
        distribution: maybe(
          argument({ kind: "gaussian" }, [], { kind: "poisson" }, { kind: "quantile", levels: [2] }),
        ),
        transform: maybe(choice("asinh")),
      }),
      known: maybe(argument([40], ["list"])),
    }),
  forecastInputs: () => row({ setup: theSetup() }),
  forecastOutputs: () => row({ setup: theSetup() }),
  heldOutOrigins: () =>
    row({
      series: argument(set().series, ["list"]),
      horizon: size(4),
      options: windowing(),
    }),
  forecastWindows: () =>
    row({
      series: argument(set().series, ["list"]),
      setup: theSetup(),
      options: windowing(),
    }),
  forecastWeights: () => row({ setup: theSetup(), windows: argument(windows(), ["list"]) }),
  forecastModel: () =>
    row(
      {
        setup: theSetup(),
        config: settings({
          layer: thing(recurrent(rnn({ input: forecastInputs(setup()), hidden: 3 }))),
          dropout: maybe(rate(0.1)),
        }),
      },
      { methods: named(["init", "apply", "stream"], "a sequence layer, as sequenceModel") },
    ),
  forecastLearner: () =>
    row(
      {
        model: thing(model()),
        setup: theSetup(),
        options: settings({ backward: maybe(argument({ kind: "full" }, [], { kind: "fully" })) }),
      },
      { methods: named(learner, "called with what the learner itself made") },
    ),
  forecastTask: () =>
    row(
      {
        model: thing(model()),
        setup: theSetup(),
        windows: argument(windows(), ["list"]),
        options: settings({
          key: key(),
          batch: maybe(size(1)),
          weights: maybe(
            nullable(
              argument(
                windows().map(() => 1),
                ["list"],
              ),
            ),
          ),
          curvature: maybe(argument(1, [], 0, 3.5, "1")),
          backward: maybe(argument({ kind: "full" }, [], { kind: "fully" })),
        }),
      },
      { methods: named(task, "called by train()"), says: "" },
    ),
  reservoirForecastModel: () =>
    row(
      {
        setup: argument(freeSetup(), [], {}, setup()),
        config: settings({
          hidden: size(4),
          radius: maybe(positive(0.9)),
          leak: maybe(share(0.5)),
          inputScale: maybe(positive(0.1)),
        }),
      },
      { methods: named(["init", "apply", "stream"], "a sequence layer, as sequenceModel") },
    ),
  reservoirForecastLearner: () =>
    row(
      {
        model: thing(reservoirForecastModel(freeSetup(), { hidden: 4 })),
        setup: argument(freeSetup(), [], {}, setup()),
        options: maybe(
          settings({ ridge: maybe(nullable(atLeastZero(0.1))), washout: maybe(nullable(count(2))) }),
        ),
      },
      { methods: named([...learner, "fit"], "called with what the learner itself made") },
    ),
  forecastSeries: () =>
    row({
      model: thing(model()),
      params: tree(model().init(Key.of(1))),
      setup: theSetup(),
      series: argument(set().series, ["list"]),
      request: maybe(
        settings({
          horizon: maybe(size(2)),
          levels: maybe(argument([0.5], ["list"], [0])),
          key: maybe(key()),
        }),
      ),
    }),
  forecastPredictor: () =>
    row(
      { model: thing(model()), params: tree(model().init(Key.of(1))), setup: theSetup() },
      { methods: named(["read", "predict"], "its errors are InputErrors, which name no function") },
    ),
  frequencyInWords: () => row({ frequency: argument(setup().frequency, []) }),
  seasonOf: () => row({ frequency: argument(setup().frequency, []) }),
  seriesRunModel: () =>
    row(
      {
        settings: settings({
          cell: choice("gru"),
          hidden: size(3),
          layers: size(1),
          dropout: rate(0.1),
          model: maybe(choice("net")),
          radius: maybe(positive(0.9)),
          leak: maybe(share(0.5)),
          inputScale: maybe(positive(0.1)),
        }),
        setup: theSetup(),
        own: maybe(nullable(func(() => recurrent(rnn({ input: forecastInputs(setup()), hidden: 3 }))))),
      },
      { methods: named(["init", "apply", "stream"], "a sequence layer, as sequenceModel") },
    ),
  SeriesError: () => exempt("an error that functions on series throw"),
};
