import type { Predictor } from "longspan";
import { bodyOf, listOf } from "./fields.js";
import { type Limits, most } from "./limits.js";
import { Problem } from "./problem.js";
import type { Route } from "./route.js";

/** Answers to inputs, each as a whole. */
export function predictRoute(predictor: Predictor, limits: Limits): Route {
  const fields = { inputs: listOf({}, most.inputs, `Inputs: ${predictor.input}.`) };
  let waiting = 0;
  return {
    method: "POST",
    path: "/predict",
    summary: "Answers inputs",
    body: fields,
    answer: {
      status: 200,
      description: "An answer to each input, in their order.",
      schema: { type: "object", properties: { answers: { type: "array", items: { type: "object" } } } },
    },
    run: async ({ body }) => {
      const { inputs } = bodyOf(body, fields);
      const read = inputs.map((value, i) => readOne(predictor, value, i));
      if (waiting + read.length > limits.waiting)
        throw new Problem(
          503,
          `${waiting} inputs wait, and there may be ${limits.waiting}; try again later`,
          1,
        );
      waiting += read.length;
      try {
        return { answers: await predictor.predict(read) };
      } finally {
        waiting -= read.length;
      }
    },
  };
}

function readOne(predictor: Predictor, value: unknown, i: number): unknown {
  try {
    return predictor.read(value);
  } catch (error) {
    throw new Problem(400, `inputs[${i}]: ${(error as Error).message}`);
  }
}
