import { addReadoutRows, Key, normal, type ReadoutSums, readoutSums, solveReadout } from "longspan";
import {
  argument,
  atLeastZero,
  choice,
  dtype,
  flag,
  maybe,
  positive,
  settings,
  share,
  size,
  thing,
  value,
} from "./arguments.js";
import { type Row, type Rows, row } from "./calls.js";

const states = () => normal(Key.of(1), [20, 3], "float64");
const targets = () => normal(Key.of(2), [20, 1], "float64");
const none = () => readoutSums({ features: 3, outputs: 1 });
const filled = (): ReadoutSums => addReadoutRows(none(), states(), targets());
const how = () => ({ bias: maybe(flag(false)), method: maybe(choice("products")) });
const sums = () => thing(filled());
/** A state without bias, as the row's. */
const learned = (rows: number) => {
  const { triangle } = addReadoutRows(
    readoutSums({ features: 3, outputs: 1, bias: false }),
    states(),
    targets(),
  );
  return thing({ rows, triangle });
};

/** Linear readouts, in closed form and online. */
export const readoutRows: Rows = {
  readoutSums: () => row({ config: settings({ features: size(3), outputs: size(1), ...how() }) }),
  addReadoutRows: () => row({ sums: sums(), states: value(states()), targets: value(targets()) }),
  mergeReadoutSums: () => row({ a: sums(), b: sums() }),
  solveReadout: () =>
    row({ sums: sums(), options: settings({ ridge: maybe(atLeastZero(1)), dtype: dtype() }) }),
  ridgeReadout: () =>
    row({
      states: value(states()),
      targets: value(targets()),
      options: settings({ ridge: maybe(atLeastZero(1)), dtype: dtype(), ...how() }),
    }),
  readoutError: () => row({ sums: sums(), readout: thing(solveReadout(filled())) }),
  chooseRidge: () =>
    row({
      training: sums(),
      heldOut: sums(),
      options: settings({ ridges: maybe(argument([1, 2], [], [], [-1], ["x"])), dtype: dtype() }),
    }),
  recursiveLeastSquares: (): Row => {
    const at = "recursiveLeastSquares.";
    return row(
      {
        config: settings({
          features: size(3),
          outputs: size(1),
          ridge: maybe(positive(1)),
          forgetting: maybe(share(0.9)),
          bias: maybe(flag(false)),
        }),
      },
      {
        methods: {
          start: row({}),
          update: row(
            {
              state: learned(0),
              states: value(states()),
              targets: value(targets()),
            },
            { says: `${at}update: ` },
          ),
          readout: row(
            {
              state: learned(20),
              options: settings({ dtype: dtype() }),
            },
            { says: `${at}readout: ` },
          ),
        },
      },
    );
  },
};
