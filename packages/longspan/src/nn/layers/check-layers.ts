import { Cell, listed } from "../../cell/index.js";
import { describeElement, leafEntries, Value } from "../../tensor/index.js";

const byName = "Run the cell with unfold(), which takes them by name";

/** Checks that a cell can be a layer: an input of its nodes is named x. @param what who takes it @throws TypeError */
export function checkSequenceCell(what: string, cell: unknown): void {
  if (!(cell instanceof Cell))
    throw new TypeError(
      `${what}: expected a cell, such as lstm({ input: 3, hidden: 4 }), got ${isLayer(cell) ? "a layer" : describeElement(cell)}`,
    );
  if (Object.hasOwn(cell.inputs, "x")) return;
  const names = [cell.inputs, cell.sequenceInputs, cell.sharedInputs].flatMap((specs) => Object.keys(specs));
  const has = names.length === 0 ? "no input" : `the input${names.length > 1 ? "s" : ""} ${listed(names)}`;
  throw new TypeError(
    `${what}: the cell ${cell.name} has ${has}; a layer feeds it x, an input that differs per node. ${byName}`,
  );
}

/** Checks that a cell's output can be handed on: it is one value. @throws TypeError */
export function checkOneOutput(what: string, cell: string, output: unknown): void {
  if (output instanceof Value) return;
  const parts = leafEntries(output).map(([path]) => path);
  const has = parts.length === 0 ? "has no value" : `has the parts ${listed(parts)}`;
  throw new TypeError(
    `${what}: the output of the cell ${cell} ${has}; a layer hands on one value. Run the cell with unfold()`,
  );
}

/** Checks that what is stacked is layers. @throws TypeError naming the place */
export function checkLayers(what: string, layers: unknown): void {
  if (!Array.isArray(layers))
    throw new TypeError(`${what}: expected a list of layers, got ${describeElement(layers)}`);
  layers.forEach((layer: unknown, k) => {
    if (layer instanceof Cell)
      throw new TypeError(
        `${what}: layer ${k} (from 0) is the cell ${layer.name}; make a layer of it with recurrent()`,
      );
    if (!isLayer(layer))
      throw new TypeError(`${what}: layer ${k} (from 0) is ${describeElement(layer)}, expected a layer`);
  });
}

function isLayer(x: unknown): x is { init: unknown; apply: unknown } {
  return typeof x === "object" && x !== null && "init" in x && "apply" in x;
}
