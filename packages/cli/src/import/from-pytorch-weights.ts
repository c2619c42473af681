import {
  type EmbeddingParams,
  fromPytorch,
  gather,
  type LinearParams,
  type PytorchRecurrentKind,
  permute,
  type StoredWeights,
  type Tensor,
  tensor,
  zeros,
} from "longspan";
import { Failure } from "../failure.js";
import type { ImportedRun } from "./imported-run.js";
import { readVocabulary } from "./vocabulary-file.js";

const cells = { LSTM: "lstm", GRU: "gru-reset-after", RNN: "rnn" } as const;
/** Gates of each recurrent module, by which its weights are told apart. */
const gates: Readonly<Record<number, PytorchRecurrentKind>> = { 4: "LSTM", 3: "GRU", 1: "RNN" };

/**
 * A run on text of the weights of a language model of PyTorch: one `nn.Embedding`, one recurrent module, one `nn.Linear`, whatever they are
 * called. Of an `nn.RNN` the weights do not say what squashes it; it is taken to be tanh.
 * @throws Failure saying which parts are missing or too many; WeightFileError naming a tensor
 */
export function fromPytorchWeights(
  weights: StoredWeights,
  { vocabulary: path }: { readonly vocabulary?: string },
): ImportedRun {
  const found = partsIn(weights);
  if (path === undefined)
    throw new Failure(
      `the weights of a language model say nothing of its ${found.symbols} symbols: give them by --vocabulary FILE, in the order of their numbers`,
    );
  const { stored, numbers } = readVocabulary(path);
  if (numbers.length !== found.symbols)
    throw new Failure(
      `--vocabulary ${path} has ${numbers.length} symbols, and the model has ${found.symbols}`,
    );
  const { params: table } = fromPytorch("Embedding", weights, { prefix: found.table });
  const { params: layers } = fromPytorch(found.kind, weights, { prefix: found.recurrent });
  const { params: readout } = fromPytorch("Linear", weights, { prefix: found.readout });
  const order = tensor([...numbers], "int32");
  const params = {
    embedding: { E: gather((table as EmbeddingParams).E, order) },
    layers,
    readout: inOrder(readout as LinearParams, order),
  };
  const [, hidden] = weights.tensors.get(`${found.recurrent}weight_hh_l0`)!.shape;
  const settings = {
    cell: cells[found.kind],
    hidden: hidden!,
    layers: (layers as readonly unknown[]).length,
    features: found.features,
    dropout: 0,
  };
  return { content: { task: "text", settings }, vocabulary: stored, params, step: 0 };
}

/** A readout whose answers stand in another order; a bias that PyTorch lacks is zero. */
function inOrder({ W, b }: Partial<LinearParams>, order: Tensor) {
  const rows = gather(permute(W!), order);
  return { W: permute(rows), b: b ? gather(b, order) : zeros([order.size]) };
}

interface Parts {
  readonly kind: PytorchRecurrentKind;
  /** What the names of each part begin with. */
  readonly recurrent: string;
  readonly table: string;
  readonly readout: string;
  readonly symbols: number;
  readonly features: number;
}

/** The parts of a language model, by the shapes of their weights. */
function partsIn({ tensors }: StoredWeights): Parts {
  const prefixes = (end: string) =>
    [...tensors.keys()].filter((name) => name.endsWith(end)).map((name) => name.slice(0, -end.length));
  const recurrent = one("recurrent module", prefixes("weight_ih_l0"));
  const at = (name: string) => tensors.get(`${recurrent}${name}`);
  if (at("weight_ih_l0_reverse"))
    throw new Failure(
      `${recurrent}: it reads both directions, so that it cannot write; a run on text goes forward`,
    );
  if (at("weight_hr_l0"))
    throw new Failure(`${recurrent}: it projects its state (proj_size), which a run on text does not`);
  const [[rows = 0, features = 0], [, hidden = 1]] = [
    at("weight_ih_l0")!.shape,
    at("weight_hh_l0")?.shape ?? [],
  ];
  const kind = gates[rows / hidden];
  if (!kind)
    throw new Failure(
      `${recurrent}weight_ih_l0 has ${rows} rows for ${hidden} units, expected 4, 3 or 1 times as many: nn.LSTM, nn.GRU or nn.RNN`,
    );
  const matrices = prefixes("weight").filter((name) => tensors.get(`${name}weight`)!.shape.length === 2);
  const width = (name: string) => tensors.get(`${name}weight`)!.shape[1];
  const readout = one(
    "nn.Linear from the units to the symbols",
    withBias(matrices.filter((name) => width(name) === hidden)),
  );
  const symbols = tensors.get(`${readout}weight`)!.shape[0]!;
  const table = one(
    "nn.Embedding of the symbols",
    matrices.filter(
      (name) =>
        name !== readout && width(name) === features && tensors.get(`${name}weight`)!.shape[0] === symbols,
    ),
  );
  const used = (name: string) =>
    [recurrent, table, readout].some(
      (part) =>
        name.startsWith(part) &&
        /(weight|bias)[^.]*$/.test(name.slice(part.length)) &&
        !name.slice(part.length).includes("."),
    );
  const [other] = [...tensors.keys()].filter((name) => !used(name));
  if (other !== undefined)
    throw new Failure(
      `the tensor ${JSON.stringify(other)} belongs to none of the parts of a language model (${recurrent}, ${table}, ${readout}); in a program, fromPytorch reads layers one by one`,
    );
  return { kind, recurrent, table, readout, symbols, features };

  /** Of matrices of one width, those with a bias, which an embedding has not; all if none has one. */
  function withBias(names: readonly string[]): readonly string[] {
    const biased = names.filter((name) => tensors.has(`${name}bias`));
    return biased.length > 0 ? biased : names.slice(-1);
  }
}

function one(what: string, found: readonly string[]): string {
  if (found.length === 1) return found[0]!;
  const named = found.map((name) => JSON.stringify(name)).join(", ");
  throw new Failure(
    `a language model has one ${what}, and the file has ${found.length === 0 ? "none" : `${found.length}: ${named}`}; in a program, fromPytorch reads layers one by one`,
  );
}
