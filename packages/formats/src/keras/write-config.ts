import type { KerasActivation } from "./activations.js";
import type { KerasCell } from "./cell-kinds.js";
import { KerasError } from "./error.js";
import type { KerasLayer } from "./keras-layer.js";
import { kerasClassOf, toSnakeCase } from "./weight-paths.js";
import type { WrittenWeight } from "./write-weights.js";

/** A layer as it is written: what it is, its name, and its weights. */
export interface WrittenLayer {
  readonly layer: KerasLayer;
  readonly name: string;
  readonly weights: readonly WrittenWeight[];
}

interface Serialised {
  readonly module: string;
  readonly class_name: string;
  readonly config: Readonly<Record<string, unknown>>;
  readonly registered_name: null;
}

/** The configuration of a Sequential, as `config.json` holds it. @param dtype of the weights */
export function configOf(
  what: string,
  name: string,
  layers: readonly WrittenLayer[],
  dtype: string,
): Serialised {
  const writer = new Writer(what, dtype);
  const symbols = layers[0]!.layer.kind === "Embedding";
  const features = inputOf(layers);
  const shape = symbols ? [null, null] : [null, null, features];
  const input = serialised("InputLayer", {
    batch_shape: shape,
    dtype: symbols ? "int32" : dtype,
    name: "input_layer",
  });
  const list = [input, ...layers.map((layer) => writer.layer(layer))];
  return {
    ...serialised("Sequential", { name, trainable: true, dtype, layers: list, build_input_shape: shape }),
    module: "keras",
  };
}

/** Features of a row of the input: what the first weights read. */
function inputOf(layers: readonly WrittenLayer[]): number {
  return layers.find(({ weights }) => weights.length > 0)!.weights[0]!.tensor.shape[0]!;
}

function serialised(className: string, config: Serialised["config"]): Serialised {
  return { module: "keras.layers", class_name: className, config, registered_name: null };
}

class Writer {
  constructor(
    private readonly what: string,
    private readonly dtype: string,
  ) {}

  layer({ layer, name, weights }: WrittenLayer): Serialised {
    const common = { name, trainable: true, dtype: this.dtype };
    const units = (part: number) => weights[part]!.tensor.shape;
    const biased = weights.some(({ variable }) => variable === "bias");
    switch (layer.kind) {
      case "LSTM":
      case "GRU":
      case "SimpleRNN": {
        const settings = {
          ...common,
          ...this.cell(layer, name, weights),
          return_sequences: layer.returnSequences ?? true,
          dropout: layer.dropout ?? 0,
        };
        const { bidirectional: merge } = layer;
        if (merge === undefined)
          return serialised(layer.kind, { ...settings, go_backwards: layer.reverse ?? false });
        const one = (direction: string, go_backwards: boolean) =>
          serialised(layer.kind, {
            ...settings,
            name: `${direction}_${toSnakeCase(layer.kind)}`,
            go_backwards,
          });
        return serialised("Bidirectional", {
          ...common,
          merge_mode: merge,
          layer: one("forward", false),
          backward_layer: one("backward", true),
        });
      }
      case "StackedRNNCells": {
        const cells = layer.cells.map((cell, k) =>
          serialised(`${cell.kind}Cell`, {
            name: `${name}_cell_${k}`,
            dtype: this.dtype,
            ...this.cell(
              cell,
              name,
              weights.filter(({ part }) => part.cell === k),
            ),
          }),
        );
        return serialised("RNN", {
          ...common,
          cell: serialised("StackedRNNCells", { name: `${name}_cells`, dtype: this.dtype, cells }),
          return_sequences: layer.returnSequences ?? true,
        });
      }
      case "Embedding": {
        const [input_dim, output_dim] = units(0);
        return serialised("Embedding", {
          ...common,
          input_dim,
          output_dim,
          mask_zero: layer.maskZero ?? false,
        });
      }
      case "Dense": {
        const activation = this.activation(layer.activation ?? "linear", name);
        const settings = { dtype: this.dtype, units: units(0)[1], activation, use_bias: biased };
        if (!layer.timeDistributed) return serialised("Dense", { ...common, ...settings });
        return serialised("TimeDistributed", {
          ...common,
          layer: serialised("Dense", { ...settings, name: `${name}_dense` }),
        });
      }
      case "Activation":
        return serialised("Activation", { ...common, activation: this.activation(layer.activation, name) });
      case "Dropout":
        return serialised("Dropout", { ...common, rate: layer.rate });
      case "Masking":
        return serialised("Masking", { ...common, mask_value: layer.value });
    }
  }

  /** The settings of a cell, by its weights. */
  private cell(cell: KerasCell, name: string, weights: readonly WrittenWeight[]): Record<string, unknown> {
    const [, recurrent, bias] = weights;
    return {
      units: recurrent!.tensor.shape[0],
      activation: this.activation(cell.activation ?? "tanh", name),
      use_bias: true,
      ...(cell.kind === "SimpleRNN"
        ? {}
        : { recurrent_activation: this.activation(cell.recurrentActivation ?? "sigmoid", name) }),
      ...(cell.kind === "GRU" ? { reset_after: bias!.tensor.rank === 2 } : {}),
    };
  }

  private activation(name: KerasActivation | "softmax", layer: string): string {
    if (name !== "tensorflowjs_hard_sigmoid") return name;
    throw new KerasError(this.what, {
      where: `the layer ${JSON.stringify(layer)}`,
      found: "its gates have the hard_sigmoid of TensorFlow.js, min(max(0.2 x + 0.5, 0), 1)",
      remedy: "that of Keras 3 has another slope, so no layer of Keras gives the same numbers",
    });
  }
}

/** Names for layers that have none, and for those whose name is taken: as Keras gives them, by class. */
export function namesFor(layers: readonly KerasLayer[]): string[] {
  const taken = new Set(layers.map(({ name }) => name));
  const used = new Set<string>();
  return layers.map((layer) => {
    if (layer.name !== undefined && !used.has(layer.name)) {
      used.add(layer.name);
      return layer.name;
    }
    const base = toSnakeCase(kerasClassOf(layer));
    for (let k = 0; ; k++) {
      const name = k === 0 ? base : `${base}_${k}`;
      if (taken.has(name) || used.has(name)) continue;
      used.add(name);
      return name;
    }
  });
}
