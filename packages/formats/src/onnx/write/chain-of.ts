import type { Structure } from "longspan";
import { OnnxError } from "../error.js";
import type { Run } from "./record.js";

/** Which of the recorded sequences a structure lies over, and in which direction. @throws OnnxError if it is no such structure */
export function chainOf(
  structure: Structure,
  chains: Run["chains"],
  what: string,
): { readonly index: number; readonly reverse: boolean } {
  for (const [index, { structure: recorded }] of chains.entries())
    for (const reverse of [false, true])
      if (sameEdges(structure, reverse ? recorded.reversed() : recorded)) return { index, reverse };
  throw new OnnxError(what, {
    where: "a recurrent layer",
    found: "its steps do not each read the one before or after",
    remedy: "delays, grids and trees have no form in ONNX; use a layer without them",
  });
}

function sameEdges({ parts: a }: Structure, { parts: b }: Structure): boolean {
  return (
    a.nodes === b.nodes &&
    a.inPorts.length === b.inPorts.length &&
    (["from", "to", "toPort"] as const).every((end) => {
      const [p, q] = [a.edges[end], b.edges[end]];
      return p.length === q.length && p.every((v, e) => v === q[e]);
    })
  );
}
