import { dependents, type Equation } from "../autodiff/index.js";
import { hasLevels } from "../program/index.js";
import type { Value } from "../tensor/index.js";
import { operandsOf } from "./4-fuse.js";
import { compilerDefect } from "./compile-error.js";
import { phases, result } from "./context.js";
import { kindOf } from "./layers.js";
import { isView, memoryOf } from "./memory.js";
import { isScan } from "./scan-op.js";
import type { StageName, Stages } from "./stages.js";

/** A rule that holds after a pass, and a function that finds what breaks it. */
interface Rule<S> {
  readonly what: string;
  readonly brokenBy: (stage: S) => Equation | string | undefined;
}

/** Checks the rules of a pass. @throws CompileError with the rule that is broken and the equation that breaks it */
export function verifyStage<N extends StageName>(name: N, stage: Stages[N]): void {
  for (const { what, brokenBy } of rules[name]) {
    const by = brokenBy(stage);
    if (by === undefined) continue;
    throw compilerDefect(
      stage.cell.name,
      `after ${name}: not so: ${what} (${typeof by === "string" ? by : by.op.name})`,
    );
  }
}

const rules: { readonly [N in StageName]: readonly Rule<Stages[N]>[] } = {
  "1-scans": [
    {
      what: "what a scan multiplies the state with depends on no state",
      brokenBy: ({ cell, scans }) => {
        const names = new Set(scans);
        const states = cell.stateIn.flatMap((port, q) =>
          port.filter((_, s) => names.has(cell.inPorts[q]!.slots[s]!.name)),
        );
        const inState = dependents(cell.equations, states);
        return cell.equations.find((eq) => isScan(eq) && inState.has(eq.inputs[0]!));
      },
    },
  ],
  "2-place-results": [
    {
      what: "each result is computed by an equation of its own",
      brokenBy: ({ cell, destinations, producer, shared }) => {
        const results: Value[] = [
          ...cell.stateOut.flat(),
          ...(cell.edge?.message ?? []),
          ...cell.outputs.filter((_, i) => !shared.has(i)).map((o) => o.value),
        ];
        if (new Set(results).size < results.length) return "a value goes to two destinations";
        return results.every((v) => destinations.has(v) && producer.has(v))
          ? undefined
          : "a result without a destination";
      },
    },
  ],
  "3-hoist": [
    {
      what: "each equation has a region",
      brokenBy: ({ cell, phases: region }) => cell.equations.find((eq) => !region.has(eq)),
    },
    {
      what: "an equation reads what its own region makes, or an earlier one",
      brokenBy: ({ cell, producer, phases: region }) => {
        const rank = (eq: Equation) => phases.indexOf(region.get(eq)!);
        return cell.equations.find((eq) =>
          eq.inputs.some((v) => producer.has(v) && rank(producer.get(v)!) > rank(eq)),
        );
      },
    },
    {
      what: "the loop makes rows that come in levels",
      brokenBy: ({ cell, phases: region }) =>
        cell.equations.find((eq) => region.get(eq) === "loop" && !hasLevels(result(eq).scope)),
    },
    {
      what: "nothing before the loop reads a recurrent state",
      brokenBy: ({ cell, recurrent, phases: region }) => {
        const states = new Set<Value>(cell.stateIn.flatMap((port) => port.filter((_, s) => recurrent[s])));
        return cell.equations.find(
          (eq) => region.get(eq) === "before" && eq.inputs.some((v) => states.has(v)),
        );
      },
    },
  ],
  "4-fuse": [
    {
      what: "each equation is part of one unit, or needs none",
      brokenBy: (stage) => {
        const { cell, units, unitOf, absorbed, inlined, accumulations, producer } = stage;
        const needsNone = (eq: Equation) =>
          isView(eq, producer) || inlined.has(eq) || absorbed.has(eq) || accumulations.get(eq)?.sum === eq;
        if (units.reduce((n, u) => n + u.equations.length, 0) !== unitOf.size)
          return "an equation in two units";
        return cell.equations.find((eq) => unitOf.has(eq) === needsNone(eq));
      },
    },
    {
      what: "a unit of maps is row-local work in a layer of maps; another is one instruction, or sums, in a layer of instructions",
      brokenBy: ({ units }) =>
        units.find(({ kind, layer, equations }) => {
          const isMap = kind === "map";
          const fits =
            isMap === (kindOf(layer) === "maps") && (kind !== "instruction" || equations.length === 1);
          return !fits || equations.some((eq) => (eq.op.lowering.kind === "map") !== isMap);
        })?.equations[0],
    },
    {
      what: "a unit reads what earlier layers of its region make, or, in a map, what it makes itself",
      brokenBy: (stage) => {
        const { units, unitOf, producer, accumulations } = stage;
        for (const unit of units)
          for (const eq of unit.equations)
            for (const v of operandsOf(eq, stage)) {
              const made = producer.get(memoryOf(v, producer).root);
              const own =
                made && (unitOf.get(made) ?? unitOf.get(accumulations.get(made)?.instruction ?? made));
              if (!own || own.phase !== unit.phase || (own === unit && unit.kind === "map")) continue;
              if (own.layer >= unit.layer) return eq;
            }
        return undefined;
      },
    },
  ],
  "5-assign-buffers": [
    {
      what: "what one unit makes and another reads has memory",
      brokenBy: (stage) => {
        const { units, unitOf, producer, inMemory } = stage;
        for (const unit of units)
          for (const eq of unit.equations)
            for (const v of operandsOf(eq, stage)) {
              const made = producer.get(memoryOf(v, producer).root);
              if (made && unitOf.has(made) && unitOf.get(made) !== unit && !inMemory(v)) return eq;
            }
        return undefined;
      },
    },
    {
      what: "a sum in place, its start and what is added are one piece of memory",
      brokenBy: ({ accumulations, locations }) => {
        for (const { sum, instruction, start } of accumulations.values()) {
          const location = locations.get(result(sum));
          if (
            !location ||
            locations.get(start) !== location ||
            locations.get(result(instruction)) !== location
          )
            return sum;
        }
        return undefined;
      },
    },
  ],
  // Programs have a verifier of their own, which every executor calls too.
  "6-emit": [],
};
