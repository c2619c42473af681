import { checkSettings, type KindsOf, listOf, size } from "../../check/index.js";
import { type WindowedLayer, withReach } from "./sliding-window.js";
import { stacked } from "./stacked.js";
import {
  type TcnBlockConfig,
  type TcnBlockParams,
  type TcnBlockState,
  tcnBlock,
  tcnBlockKinds,
} from "./tcn-block.js";

/** Settings of `tcn`. */
export interface TcnConfig extends Pick<TcnBlockConfig, "input" | "width" | "norm" | "dropout" | "drawnPer"> {
  /** Features that each block gives; block i, from 0, reads inputs that lie 2^i steps apart. */
  readonly channels: readonly number[];
}

/**
 * A temporal convolutional network: residual blocks whose dilation doubles from one to the next, so that what an output sees grows
 * exponentially with the depth.
 *
 *     h_0 = x,   h_(i+1) = block_i(h_i) with dilation 2^i;   an output sees 2 (width - 1) (2^blocks - 1) steps back
 *
 * x [nodes, input] gives [nodes, channels.at(-1)]. Parameters and states are lists with one entry per block. See `tcnBlock`.
 *
 * @throws RangeError if there is no block
 * @see Bai, Kolter, Koltun (2018), "An empirical evaluation of generic convolutional and recurrent networks for sequence modeling"
 * @example
 * const net = tcn({ input: 3, channels: [8, 8, 8], width: 3, dropout: 0.1 });
 * net.reach // { behind: 28, ahead: 0 }
 * net.apply(net.init(Key.of(1)), zeros([8, 3]), chain([5, 3])).output.shape // [ 8, 8 ]
 */
export function tcn(config: TcnConfig): WindowedLayer<readonly TcnBlockParams[], readonly TcnBlockState[]> {
  const { input, channels, ...rest } = checkSettings("tcn", config, kinds);
  if (channels.length === 0)
    throw new RangeError("tcn: channels names at least one block by the features that it gives, got none");
  const blocks = channels.map((output, i) =>
    tcnBlock({ ...rest, input: channels[i - 1] ?? input, output, dilation: 2 ** i }),
  );
  const behind = blocks.reduce((sum, block) => sum + block.reach.behind, 0);
  return withReach(stacked(blocks), { behind, ahead: 0 });
}

const { norm, dropout, drawnPer } = tcnBlockKinds;
const kinds: KindsOf<TcnConfig> = {
  input: size,
  channels: listOf(size, "a list of features, one for each block"),
  width: size,
  norm,
  dropout,
  drawnPer,
};
