import type { Shapes } from "../../cell/index.js";
import { check, checkSettings, size } from "../../check/index.js";
import { cast, gather, reshape } from "../../ops/index.js";
import { type Addressing, type AddressingSpecs, addressingKind } from "./addressing.js";
import { drawMember } from "./draw-member.js";

/**
 * Hard attention: one member is drawn at random, each with the weight that another addressing gives it as its probability, and is read alone.
 *
 * No derivative goes through the draw. A cell that attends so sums the logarithm of its probability over the steps of each sequence, as
 * `sums.logProbability`; `scoreFunction` makes gradients of it. `unfold` needs a key.
 *
 * @param addressing whose weights sum to 1, such as `additiveAddressing`
 * @param options.most members that a set has at most: so many numbers are drawn at each step
 * @throws IndexError when it runs, if a set has more members than `most`
 * @see `drawMember`; Xu et al. (2015), "Show, attend and tell"
 * @example
 * const addressing = hardAddressing(additiveAddressing({ size: 6 }), { most: 4 });
 * const cell = attend(gru, { input: 3, hidden: 4, source: 5, addressing });
 * const structure = chain([2, 1]).withSets({ source: chain([3, 4]) });
 * const inputs = { x: zeros([3, 3]), source: { h: zeros([7, 5]) } };
 * const { sums } = unfold(cell, cell.init(Key.of(1)), inputs, structure, { key: Key.of(2) });
 * leaves(sums)[0]!.shape // [ 2 ]: a number per sequence
 */
export function hardAddressing<P extends AddressingSpecs, S extends Shapes>(
  addressing: Addressing<P, S>,
  options: { readonly most: number },
): Addressing<P, S> {
  check("hardAddressing", "addressing", addressing, addressingKind);
  const { most } = checkSettings("hardAddressing", options, { most: size });
  return {
    name: `hardAddressing of ${addressing.name}`,
    specs: (sizes) => addressing.specs(sizes),
    state: addressing.state,
    address(call) {
      const { weights, state } = addressing.address(call);
      const positions = cast(call.members.positions(call.keys), "int32");
      const noise = gather(call.context!.uniform([most]), positions);
      const { drawn, logProbability } = drawMember(weights, noise, call.members);
      return { weights: drawn, state, logProbability: reshape(logProbability, []) };
    },
  };
}
