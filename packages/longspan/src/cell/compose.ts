import { formatShape, ShapeError, sameShape, Value } from "../tensor/index.js";
import { listed } from "./check-definition.js";
import { type InputSpecs, isSpec, type Shapes, type StepContext, type StepResult } from "./step.js";
import type { Untraced } from "./trace-cell.js";
import { CellError } from "./verify.js";

/**
 * One step of a cell on values that are given by name, such as those of another cell's step.
 * @throws CellError for a value that is missing or that the cell does not read; ShapeError for one of another shape
 */
export function stepOf(
  cell: Untraced,
  values: Readonly<Record<string, unknown>>,
  params: unknown,
  context: StepContext = withoutContext(cell.name),
): StepResult<Shapes, unknown, unknown> {
  const what = `cell ${cell.name}: its step`;
  const inputs = { ...cell.inputs, ...cell.sequenceInputs, ...cell.sharedInputs };
  const records: Readonly<Record<string, InputSpecs>> = {
    ...cell.sets,
    ...Object.fromEntries(cell.ports.map((port) => [port, cell.message])),
  };
  const slots = cell.ports.length > 0 ? {} : cell.definition.edge ? cell.message : cell.state;
  const names = [inputs, records, slots].flatMap((specs) => Object.keys(specs));
  for (const name of Object.keys(values))
    if (!names.includes(name))
      throw new CellError(`${what} does not read "${name}"; it reads ${listed(names) || "nothing"}`);
  checkValues(what, values, { ...inputs, ...slots }, "");
  for (const [name, specs] of Object.entries(records)) {
    const of = values[name];
    if (typeof of !== "object" || of === null || of instanceof Value)
      throw new CellError(`${what} reads "${name}", a record of ${listed(Object.keys(specs))}`);
    checkValues(what, of as Readonly<Record<string, unknown>>, specs, `${name}.`);
  }
  checkParams(what, params, cell.specs, "");
  return cell.definition.step(values as never, params as never, context);
}

function checkValues(
  what: string,
  values: Readonly<Record<string, unknown>>,
  specs: InputSpecs,
  prefix: string,
): void {
  for (const [name, spec] of Object.entries(specs)) {
    const v = values[name];
    const shape = "shape" in spec ? spec.shape : spec;
    if (!(v instanceof Value))
      throw new CellError(
        `${what} reads "${prefix}${name}", a value ${formatShape(shape)}, which is missing`,
      );
    if (!sameShape(v.shape, shape))
      throw new ShapeError(
        `${what} reads "${prefix}${name}" as ${formatShape(shape)}, got ${formatShape(v.shape)}: a step sees one node, so a value has no axes but those of its features`,
      );
  }
}

function checkParams(what: string, params: unknown, specs: unknown, path: string): void {
  if (isSpec(specs)) {
    if (!(params instanceof Value))
      throw new CellError(
        `${what} needs the parameter "${path}", which is missing; the outer cell declares them as it likes, such as params: () => ({ inner: inner.specs })`,
      );
    if (!sameShape(params.shape, specs.shape))
      throw new ShapeError(
        `${what} needs the parameter "${path}" as ${formatShape(specs.shape)}, got ${formatShape(params.shape)}`,
      );
    return;
  }
  for (const [name, inner] of Object.entries(specs as Readonly<Record<string, unknown>>)) {
    const own = (params as Readonly<Record<string, unknown>> | undefined)?.[name];
    checkParams(what, own, inner, path === "" ? name : `${path}.${name}`);
  }
}

/** For a step that is given no context: it may ask for nothing. */
function withoutContext(cell: string): StepContext {
  const refuse = (asked: string) => (): never => {
    throw new CellError(
      `cell ${cell}: its step asks for ${asked}; hand it the third argument of the step that it is part of`,
    );
  };
  return { uniform: refuse("random numbers"), position: refuse("its position") };
}
