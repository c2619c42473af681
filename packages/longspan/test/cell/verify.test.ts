import { lstm } from "longspan";
import { verifyCell } from "longspan/engine";
import { expect, test } from "vitest";

test("ports of one direction have the same slots", () => {
  const { graph } = lstm({ input: 3, hidden: 4 }).trace("float32");
  const [out] = graph.outPorts;
  const other = { name: "other", slots: out!.slots.slice(1) };
  expect(() =>
    verifyCell({ ...graph, outPorts: [out!, other], stateOut: [...graph.stateOut, ...graph.stateOut] }),
  ).toThrow("cell lstm: ports out and other have different slots");
});
