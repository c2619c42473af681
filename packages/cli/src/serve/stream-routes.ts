import type { RunSteps, StreamReading, StreamTalk } from "longspan";
import { anything, bodyOf, listOf, whole, yesOrNo } from "./fields.js";
import { type Limits, most } from "./limits.js";
import { Problem } from "./problem.js";
import type { Route } from "./route.js";
import type { StreamList } from "./stream-list.js";
import type { Ticks } from "./ticks.js";

/** What the routes of streams need of the server. */
export interface StreamParts {
  readonly steps: RunSteps;
  readonly streams: StreamList;
  readonly ticks: Ticks;
  readonly limits: Limits;
}

/** Streams with a state: open, step, close. */
export function streamRoutes({ steps, streams, ticks, limits }: StreamParts): readonly Route[] {
  const input = anything(`What the stream reads: ${steps.input}.`, {});
  const shown = {
    top: whole(1, 1000, "Of a text: how many of the most probable symbols are told.", 5),
    logits: yesOrNo("Of a text: whether the logits of all symbols are told.", false),
  };
  const stepFields = { input, ...shown };
  const oneOfMany = {
    stream: {
      ...anything("The name of a stream.", { type: "string" }),
      words: "the name of a stream",
      accepts: (v: unknown) => typeof v === "string",
    },
    input,
  };
  const manyFields = {
    steps: listOf({ type: "object" }, most.steps, "What streams read: { stream, input } for each."),
    ...shown,
  };
  const answer = {
    status: 200,
    description: "What the model says after the last row that was read.",
    schema: { type: "object" },
  } as const;

  /** Goes on in a stream. @throws Problem */
  async function step(
    id: string,
    value: unknown,
    show: { readonly top: number; readonly logits: boolean },
    where: string,
  ): Promise<object> {
    return streams.use(id, async (stream, talk) => {
      const { rows, begin, answer } = readingOf(talk, value, where);
      if (ticks.waiting + rows.length > limits.waiting)
        throw new Problem(
          503,
          `${ticks.waiting} steps wait, and there may be ${limits.waiting}; try again later`,
          1,
        );
      begin();
      return answer(await ticks.step(stream, rows), show);
    });
  }

  function readingOf(talk: StreamTalk, value: unknown, where: string): StreamReading {
    try {
      return talk.read(value);
    } catch (error) {
      throw new Problem(400, `${where}${(error as Error).message}`);
    }
  }

  return [
    {
      method: "POST",
      path: "/streams",
      summary: "Opens a stream",
      answer: {
        status: 201,
        description: `The name of the stream, and the seconds after which it is closed if nobody uses it.`,
        schema: { type: "object", properties: { id: { type: "string" }, idle: { type: "number" } } },
      },
      run: async () => ({ id: streams.open().id, idle: limits.idle }),
    },
    {
      method: "POST",
      path: "/streams/{id}/steps",
      summary: "Goes on in a stream, by one step or several",
      body: stepFields,
      answer,
      run: async ({ id, body }) => {
        const { input, ...show } = bodyOf(body, stepFields);
        return step(id, input, show, "");
      },
    },
    {
      method: "DELETE",
      path: "/streams/{id}",
      summary: "Closes a stream",
      answer: { status: 204, description: "It is closed." },
      run: async ({ id }) => {
        streams.close(id);
        return null;
      },
    },
    {
      method: "POST",
      path: "/steps",
      summary: "Goes on in many streams, which are stepped together",
      body: manyFields,
      answer: {
        status: 200,
        description: "The answers in the order of the steps; { error } for a step that could not be taken.",
        schema: { type: "object", properties: { answers: { type: "array", items: { type: "object" } } } },
      },
      run: async ({ body }) => {
        const { steps: many, ...show } = bodyOf(body, manyFields);
        const wanted = many.map((one, i) => bodyOf(one, oneOfMany, `steps[${i}]`));
        const answers = wanted.map(({ stream, input }, i) =>
          step(stream as string, input, show, `steps[${i}]: `).catch((error: unknown) => {
            if (!(error instanceof Problem)) throw error;
            return { error: { status: error.status, message: error.message } };
          }),
        );
        return { answers: await Promise.all(answers) };
      },
    },
  ];
}
