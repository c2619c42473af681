import type { TracedCell } from "../cell/index.js";
import type { Scope } from "../ops/index.js";
import { type Wire, type Wiring, WiringBuilder } from "./wiring.js";

/** The wiring of a cell by itself: its parameters and inputs are where it begins. */
export function wiringOfCell({ graph, sources }: TracedCell<unknown>): Wiring {
  const made = new WiringBuilder();
  const inputs = new Map<string, Wire>();
  const rows = ({ scope }: { readonly scope: Scope }) => (scope === "sequence" || scope === "one" ? null : 0);
  const operands = graph.values.map(({ name, variable }, i) => {
    const source = sources[i]!;
    switch (source.from) {
      case "param":
        return made.entry(variable, rows(variable), { kind: "weight", name: source.path });
      // Edges see the inputs of the node that they lead to.
      case "input":
      case "edgeInput": {
        const known =
          inputs.get(source.name) ??
          made.entry(variable, rows(variable), { kind: "input", name: source.name });
        inputs.set(source.name, known);
        return known;
      }
      case "ofEdge":
        return made.entry(variable, rows(variable), { kind: "input", name: source.name });
      case "member":
        return made.entry(variable, rows(variable), {
          kind: "member",
          name: source.set === source.name ? name : `${source.set}.${source.name}`,
        });
      case "position":
        return made.entry(variable, rows(variable), { kind: "given", name: "t" });
      case "key":
        return made.entry(variable, rows(variable), { kind: "given", name: "draws" });
      default:
        return made.entry(variable, rows(variable), { kind: "constant", name });
    }
  });
  const { outputs } = made.cell(
    graph,
    operands,
    graph.sourceSlots.map(() => null),
    { over: 0, rows: 0 },
  );
  graph.outputs.forEach(({ name }, i) => {
    made.results.push({ name, wire: outputs[i]! });
  });
  return made;
}
