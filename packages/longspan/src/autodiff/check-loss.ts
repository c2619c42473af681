import { formatShape, leaves, ShapeError, Value } from "../tensor/index.js";

/** Who checks the result of a function, for messages. */
export interface Asked {
  /** Who asks: begins the message. */
  readonly what: string;
  /** What messages call the function. */
  readonly function?: string;
}

/**
 * Checks the result of a function that is to be differentiated: one number, as a value.
 * @throws TypeError | ShapeError saying what it gives instead, and what to do
 * @example checkLoss({ what: "grad" }, sum(tensor([1, 2]))) // 3, as it was given
 */
export function checkLoss(asked: Asked, result: unknown): Value {
  const value = checkValue(asked, result);
  if (value.size !== 1)
    throw new ShapeError(
      `${begin(asked)} must return one number, got ${formatShape(value.shape)}; use sum() or mean()`,
    );
  return value;
}

/**
 * `checkLoss` of what stands under `loss` in a record.
 * @param expected the record, for messages
 * @example checkLossIn({ what: "valueGradAndAux" }, "{ loss, aux }", { loss: tensor(1), aux: null }).aux // null
 */
export function checkLossIn<T extends { readonly loss: Value }>(
  asked: Asked,
  expected: string,
  result: T,
): T {
  refusePromise(asked, result);
  if (typeof result !== "object" || result === null || result instanceof Value || !("loss" in result))
    throw new TypeError(`${begin(asked)} must return ${expected}, got ${described(result)}`);
  checkLoss(asked, result.loss);
  return result;
}

/**
 * Checks that a function gave a value of any shape.
 * @throws TypeError
 * @example checkValue({ what: "valueAndGradPerExample" }, tensor([1, 2])) // [1, 2], as it was given
 */
export function checkValue(asked: Asked, result: unknown): Value {
  if (result instanceof Value) return result;
  refusePromise(asked, result);
  const returned = `${begin(asked)} returned ${described(result)}`;
  if (result === undefined) throw new TypeError(`${returned}; is a return missing?`);
  if (typeof result === "number")
    throw new TypeError(
      `${returned}, which has no derivative: return what ops such as sum() and mean() give, not what item() reads`,
    );
  if (typeof result === "object" && result !== null)
    throw new TypeError(`${returned}; return the value itself`);
  throw new TypeError(`${returned}, not a value`);
}

/**
 * Checks that a function gave a tree with at least one value in it.
 * @throws TypeError
 * @example checkValues({ what: "jvp" }, { y: tensor([1]) }).y // [1]
 */
export function checkValues<Y>(asked: Asked, result: Y): Y {
  refusePromise(asked, result);
  if (leaves(result).length === 0)
    throw new TypeError(`${begin(asked)} must return a value, or a tree of values, got ${described(result)}`);
  return result;
}

function begin({ what, function: called = "the function" }: Asked): string {
  return `${what}: ${called}`;
}

/**
 * Refuses what an async function returned.
 * @throws TypeError
 * @example refusePromise({ what: "grad" }, tensor(1)) // passes
 */
export function refusePromise(asked: Asked, result: unknown): void {
  if (!(result instanceof Promise)) return;
  // It may still fail, on stand-ins that are gone; that would be an error that nobody waits for.
  result.catch(() => {});
  throw new TypeError(
    `${begin(asked)} returned a promise; it is recorded as it runs, so it cannot be async: await what it needs before, and pass that in`,
  );
}

/** What was given, in words. */
function described(value: unknown): string {
  if (value === undefined) return "nothing";
  if (value instanceof Value) return `a value ${value.dtype} ${formatShape(value.shape)}`;
  if (Array.isArray(value)) return "a list";
  if (typeof value === "string") return JSON.stringify(value);
  if (typeof value === "object" && value !== null) {
    const names = Object.keys(value);
    return names.length === 0 ? "an empty record" : `a record with ${names.join(", ")}`;
  }
  return typeof value === "function"
    ? "a function"
    : `${value === null ? "" : `the ${typeof value} `}${value}`;
}
