import { create, toBinary } from "@bufbuild/protobuf";
import type { Tensor } from "longspan";
import { GraphProtoSchema, ModelProtoSchema, StringStringEntryProtoSchema } from "../proto/onnx_pb.js";
import { type Dim, openSize } from "./dims.js";
import { type Port, portInfo } from "./graph-parts.js";
import { GraphWriter, ModelNames } from "./graph-writer.js";
import { findChains } from "./padded-chains.js";
import { type ModelInput, type ModelOutput, type Recorder, record } from "./record.js";
import { RecordedGraph } from "./recorded-graph.js";

/** The version of the operators that are written. */
export const opset = 22;

/** What is written besides the graph. */
export interface ModelText {
  /** The function that is called, for messages. */
  readonly what: string;
  readonly name: string;
  readonly doc: string;
  readonly metadata: Readonly<Record<string, string>>;
  /** Parameters by name: they become initializers. */
  readonly params: ReadonlyMap<string, Tensor>;
}

/** A model as a file of ONNX: recorded twice, its sizes found, and written operation by operation. */
export function writeModel(
  text: ModelText,
  model: (recorder: Recorder) => readonly ModelOutput[],
): Uint8Array<ArrayBuffer> {
  const { what, name, doc, metadata, params } = text;
  const runs = record(model);
  const [run, other] = runs;
  const names = new ModelNames();
  const graph = new GraphWriter(names);
  const open = [...run.inputs, ...run.numbers].map(({ input }) => input).filter(({ over }) => over !== "one");
  const lengths = [...new Set(run.chains.flatMap(({ chain }) => (chain.lengths ? [chain.lengths] : [])))];
  const batchOf = (of: string) => run.chains.find(({ chain }) => chain.lengths === of)!.chain.batch;
  const ports: Port[] = [
    ...open.map(portOf),
    ...lengths.map((of) => ({ name: of, type: "int32" as const, shape: [openSize(1, [batchOf(of)])] })),
  ];
  // Names that users see come first, so that nothing else takes them.
  for (const { name: taken } of [...ports, ...run.outputs]) names.fresh(taken);
  const found = findChains(what, open, run.chains, graph);
  const recorded = new RecordedGraph(what, runs, params, graph, found);
  const outputs = run.outputs.map((output, i) => recorded.leave(output, other.outputs[i]!));
  return toBinary(
    ModelProtoSchema,
    create(ModelProtoSchema, {
      irVersion: 10n,
      opsetImport: [{ domain: "", version: BigInt(opset) }],
      producerName: "longspan",
      docString: doc,
      metadataProps: Object.entries(metadata).map(([key, value]) =>
        create(StringStringEntryProtoSchema, { key, value }),
      ),
      graph: create(GraphProtoSchema, {
        name,
        node: [...names.constantNodes, ...graph.nodes],
        initializer: names.initializers,
        input: ports.map(portInfo),
        output: outputs.map(portInfo),
      }),
    }),
  ) as Uint8Array<ArrayBuffer>;
}

/** An input as the file declares it. */
function portOf({ name, over, shape, dtype, batch = "batch" }: ModelInput): Port {
  const rows: readonly string[] = typeof over === "object" ? [over.time, over.batch] : [batch];
  const sizes: Dim[] = rows.map((size) => openSize(1, [size]));
  return { name, type: dtype, shape: [...sizes, ...shape] };
}
