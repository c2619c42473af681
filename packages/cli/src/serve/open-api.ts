import { schemaOf } from "./fields.js";
import type { Route } from "./route.js";

const problems: Readonly<Record<number, string>> = {
  400: "The request is wrong: error.message says what was sent, and what was expected.",
  404: "There is no such address, or no such stream any more.",
  413: "The body is larger than the server allows.",
  415: "The body is not JSON.",
  429: "Too many requests came from this address; Retry-After says when to try again.",
  503: "The server is stopping, or has as much to do as it may have; Retry-After says when to try again.",
};

const problemSchema = {
  type: "object",
  properties: {
    error: { type: "object", properties: { message: { type: "string" } }, required: ["message"] },
  },
  required: ["error"],
};

/** The description of the interface, by the standard OpenAPI 3.1. */
export function openApi(
  routes: readonly Route[],
  about: { readonly title: string; readonly version: string },
): object {
  const paths: Record<string, Record<string, object>> = {};
  for (const route of routes) {
    const path = paths[route.path] ?? {};
    path[route.method.toLowerCase()] = operation(route);
    paths[route.path] = path;
  }
  return { openapi: "3.1.0", info: about, paths };
}

function operation({ method, path, summary, body, answer }: Route): object {
  const { status, description, schema, type } = answer;
  const content =
    schema || type
      ? { content: { [type ?? "application/json"]: { schema: schema ?? { type: "string" } } } }
      : {};
  const errors = Object.entries(problems)
    .filter(([code]) => body !== undefined || !["400", "413", "415"].includes(code))
    .map(([code, description]) => [
      code,
      { description, content: { "application/json": { schema: problemSchema } } },
    ]);
  return {
    summary,
    operationId: `${method.toLowerCase()}${path.replace(/[^a-z]+(.)?/gi, (_, letter: string = "") => letter.toUpperCase())}`,
    ...(path.includes("{id}")
      ? { parameters: [{ name: "id", in: "path", required: true, schema: { type: "string" } }] }
      : {}),
    ...(body
      ? { requestBody: { required: true, content: { "application/json": { schema: schemaOf(body) } } } }
      : {}),
    responses: { [status]: { description, ...content }, ...Object.fromEntries(errors) },
  };
}
