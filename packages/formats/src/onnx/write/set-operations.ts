import type { Rule } from "./call.js";

/**
 * What cells do over the edges that lead to a node and over the members of a set. In a chain one edge leads to each node; the members of
 * a set lie padded along the first axis, and those that are none are left out by the region's mask.
 */
export const setOperations: Readonly<Record<string, Rule>> = {
  sumTo: overSet("ReduceSum", 0),
  maxTo: overSet("ReduceMax", Number.NEGATIVE_INFINITY),
  argmaxTo: (call, region) => {
    if (isOfEdges(call.attrs)) {
      const zero = region.graph.scalar(0, "int32");
      return region.graph.op("Expand", [zero, region.shapeOf(call.out.lead, call.out.shape)]);
    }
    const kept = region.masked(call.inputs[0]!, Number.NEGATIVE_INFINITY);
    return region.graph.cast(region.graph.op("ArgMax", [kept], { axis: 0, keepdims: 0 }), "int32");
  },
  pickTo: (call, region) => {
    const [x, index, position] = call.inputs;
    if (isOfEdges(call.attrs)) return x!.name;
    const { graph } = region;
    const isIt = graph.op("Equal", [index!.name, position!.name]);
    const axes = x!.shape.map((_, k) => 2 + k);
    const raised = axes.length > 0 ? region.unsqueeze(isIt, axes) : isIt;
    const picked = graph.op("Where", [raised, x!.name, graph.scalar(0, x!.dtype)]);
    return graph.op("ReduceSum", [picked, graph.ints([0])], { keepdims: 0 });
  },
};

function overSet(type: string, none: number): Rule {
  return ({ attrs, inputs: [x], op }, region) => {
    if (isOfEdges(attrs)) return x!.name;
    if (attrs.from === "node")
      region.refuse(
        op,
        "a cell adds up values over the steps of a sequence",
        "leave out what it gives as sums",
      );
    const kept = region.masked(region.spread(x!, 2), none);
    return region.graph.op(type, [kept, region.graph.ints([0])], { keepdims: 0 });
  };
}

/** Whether an operation makes one value of those of a set's members. */
export function overSetOf(op: string, attrs: { readonly from: string; readonly to: string }): boolean {
  return Object.hasOwn(setOperations, op) && !isOfEdges(attrs);
}

function isOfEdges({ from, to }: { readonly from: string; readonly to: string }): boolean {
  return from === "edge" && to === "node";
}
