import { check, checkSettings, optional, record, text } from "../check/index.js";
import { permute } from "../ops/index.js";
import type { Tensor } from "../tensor/index.js";
import { treeKind } from "../tensor/kinds.js";
import { checkKind, type PytorchKind, recurrentKindOf } from "./from-pytorch.js";
import { type CellParams, cellTo, isCellOf } from "./pytorch-cells.js";

/** How weights are called. */
export interface ToPytorchOptions {
  /** What names begin with, such as `encoder.lstm.`; nothing by default. */
  readonly prefix?: string;
}

/**
 * The parameters of a layer as the state dictionary of a module of PyTorch, for `encodePytorch` or `encodeSafetensors`: what
 * `load_state_dict(strict=True)` takes. `fromPytorch` gives the same parameters back, bit for bit.
 *
 * The first of PyTorch's two biases is `b`, the second zero, but for the GRU's inner bias `c`.
 *
 * @param kind the class of the module in `torch.nn`
 * @param params of `lstm`, `gruResetAfter` or `rnn` for a cell; of a stack of them, `stacked` or a list, for a recurrent module; of `linear`,
 * `embedding` or `layerNorm` for the others
 * @throws TypeError if the parameters are those of something else
 * @example
 * const layer = stacked([recurrent(lstm({ input: 3, hidden: 4 }))]);
 * const weights = toPytorch("LSTM", layer.init(Key.of(1)), { prefix: "lstm." });
 * weights["lstm.weight_ih_l0"]!.shape // [ 16, 3 ]
 */
export function toPytorch(
  kind: PytorchKind,
  params: unknown,
  options?: ToPytorchOptions,
): Readonly<Record<string, Tensor>> {
  checkKind("toPytorch", kind);
  check("toPytorch", "params", params, treeKind);
  const { prefix = "" } = checkSettings("toPytorch", options, { prefix: optional(text) });
  return Object.fromEntries(entriesOf(kind, params).map(([name, tensor]) => [prefix + name, tensor]));
}

function entriesOf(kind: PytorchKind, params: unknown): [string, Tensor][] {
  const has = (tree: unknown, ...names: readonly string[]) =>
    record.accepts(tree) && names.every((name) => name in (tree as object));
  const need = (accepted: boolean, of: string) => {
    if (!accepted)
      throw new TypeError(
        `toPytorch: params should be those of ${of} for torch.nn.${kind}, got something else`,
      );
  };
  const tree = params as Record<string, Tensor>;
  switch (kind) {
    case "Linear":
      need(has(tree, "W"), "linear");
      return [
        ["weight", permute(tree.W!) as Tensor],
        ...(tree.b ? [["bias", tree.b] as [string, Tensor]] : []),
      ];
    case "Embedding":
      need(has(tree, "E"), "embedding");
      return [["weight", tree.E!]];
    case "LayerNorm":
      need(has(tree, "gain", "bias"), "layerNorm");
      return [
        ["weight", tree.gain!],
        ["bias", tree.bias!],
      ];
    case "LSTMCell":
    case "GRUCell":
    case "RNNCell":
      need(isCell(tree), cellNames[recurrentKindOf(kind)]);
      return cellTo(recurrentKindOf(kind), tree, "");
    default: {
      need(Array.isArray(params) && params.length > 0, `a stack of ${cellNames[kind]}`);
      return (params as readonly unknown[]).flatMap((layer, k) => {
        const both = has(layer, "forward", "backward");
        const { forward, backward } = (both ? layer : { forward: layer }) as Record<string, CellParams>;
        need(isCell(forward) && (!both || isCell(backward)), `a stack of ${cellNames[kind]}`);
        return [
          ...cellTo(kind, forward!, `_l${k}`),
          ...(backward ? cellTo(kind, backward, `_l${k}_reverse`) : []),
        ];
      });
    }
  }

  function isCell(tree: unknown): boolean {
    return record.accepts(tree) && isCellOf(recurrentKindOf(kind), tree as CellParams);
  }
}

const cellNames = { LSTM: "lstm", GRU: "gruResetAfter", RNN: "rnn" } as const;
