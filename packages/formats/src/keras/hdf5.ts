import {
  onCpu,
  type StoredTensor,
  type StoredWeights,
  type Tensor,
  WeightFileError,
  type WeightFileProblem,
} from "longspan";
import { KerasError, quote } from "./error.js";

type H5wasm = typeof import("h5wasm");
type H5Module = Awaited<H5wasm["ready"]>;
type Group = InstanceType<H5wasm["Group"]>;
type Dataset = InstanceType<H5wasm["Dataset"]>;

/** The name of the file in h5wasm's memory: it lives no longer than a call. */
const scratch = "longspan.h5";

/**
 * Reads the numbers of an HDF5 file, by their paths; those under `optimizer` are left out.
 *
 * @param what the caller, for messages
 * @throws KerasError if h5wasm is not installed, or broke down
 * @throws WeightFileError if the file is damaged or is something else
 */
export async function readHdf5(what: string, bytes: Uint8Array, load = loadH5wasm): Promise<StoredWeights> {
  const { File, module } = await ready(what, load);
  return withMessages(what, module, () => {
    module.FS.writeFile(scratch, bytes);
    const file = new File(scratch, "r");
    try {
      if (file.file_id < 0n) throw new Error("cannot be opened");
      return contentsOf(file, 8 * bytes.length);
    } finally {
      file.close();
      module.FS.unlink(scratch);
    }
  });
}

/** An HDF5 file of tensors by their paths. */
export async function writeHdf5(
  what: string,
  tensors: ReadonlyMap<string, Tensor>,
  load = loadH5wasm,
): Promise<Uint8Array> {
  const { File, module } = await ready(what, load);
  return withMessages(what, module, () => {
    const file = new File(scratch, "w");
    const groups = new Map<string, Group>([["", file]]);
    const groupOf = (path: string): Group => {
      const known = groups.get(path);
      if (known) return known;
      const cut = path.lastIndexOf("/");
      const made = groupOf(path.slice(0, Math.max(cut, 0))).create_group(path.slice(cut + 1));
      groups.set(path, made);
      return made;
    };
    for (const [path, tensor] of tensors) {
      const cut = path.lastIndexOf("/");
      const data = onCpu(tensor).toArray() as Float32Array | Float64Array;
      groupOf(path.slice(0, cut)).create_dataset({
        name: path.slice(cut + 1),
        data,
        shape: [...tensor.shape],
      });
    }
    file.close();
    const bytes = module.FS.readFile(scratch) as Uint8Array;
    module.FS.unlink(scratch);
    return Uint8Array.from(bytes);
  });
}

function loadH5wasm(): Promise<H5wasm> {
  return import("h5wasm");
}

async function ready(
  what: string,
  load: () => Promise<H5wasm>,
): Promise<{ File: H5wasm["File"]; module: H5Module }> {
  let h5wasm: H5wasm;
  try {
    h5wasm = await load();
  } catch (cause) {
    throw new KerasError(
      what,
      {
        where: "HDF5",
        found: "the package h5wasm, which reads and writes such files, cannot be loaded",
        remedy: "install it beside longspan-formats: npm install h5wasm",
      },
      { cause },
    );
  }
  return { File: h5wasm.File, module: await h5wasm.ready };
}

/** What HDF5 says of its errors goes to the console; here it becomes part of the one error that is thrown. */
function withMessages<T>(what: string, module: H5Module, f: () => T): T {
  const lines: string[] = [];
  const console = (module.FS as unknown as { streams?: { stream_ops: StreamOperations }[] }).streams?.[2];
  const usual = console?.stream_ops;
  if (console && usual)
    console.stream_ops = {
      ...usual,
      write(_stream, buffer, offset, length) {
        lines.push(String.fromCharCode(...buffer.subarray(offset, offset + length)));
        return length;
      },
    };
  try {
    return f();
  } catch (error) {
    if (error instanceof WeightFileError) throw error;
    if (error instanceof Error && error.name === "RuntimeError")
      throw new KerasError(
        what,
        {
          where: "the file",
          found: `h5wasm broke down over it (${error.message}), so it is damaged`,
          remedy: "start the program again before reading or writing another file: h5wasm does not recover",
        },
        { cause: error },
      );
    const [, cause] =
      /#\d+: [^\n]*\): ([^\n]*)\n[^#]*$/.exec(lines.join("").split("HDF5-DIAG").at(1) ?? "") ?? [];
    throw new WeightFileError({
      offset: 0,
      expected: "an HDF5 file, as Keras 3 writes it",
      found: cause === undefined ? "another file, or a damaged one" : `one that HDF5 does not read: ${cause}`,
    });
  } finally {
    if (console && usual) console.stream_ops = usual;
  }
}

interface StreamOperations {
  write(stream: unknown, buffer: Int8Array, offset: number, length: number): number;
}

/** Deeper than Keras nests groups. */
const deepest = 32;

/** All numbers of a file. @param most bytes that they may take together */
function contentsOf(file: Group, most: number): StoredWeights {
  const tensors = new Map<string, StoredTensor>();
  const unread = new Map<string, WeightFileProblem>();
  let [taken, seen] = [0, 0];
  const visit = (group: Group, path: string, depth: number): void => {
    for (const key of group.keys()) {
      const name = path === "" ? key : `${path}/${key}`;
      if (name === "optimizer") continue;
      seen += 1;
      if (depth > deepest || seen * 16 > most)
        throw new WeightFileError({
          tensor: name,
          expected: "groups as Keras nests them",
          found: "groups without end",
        });
      const entity = group.get(key) as Group | Dataset | { readonly type?: string } | null;
      if (entity?.type === "Group") visit(entity as Group, name, depth + 1);
      else if (entity?.type === "Dataset") {
        const read = tensorOf(entity as Dataset, name, most - taken);
        if ("found" in read) unread.set(name, read);
        else {
          taken += read.data.byteLength;
          tensors.set(name, read);
        }
      }
    }
  };
  visit(file, "", 0);
  return { tensors, unread, metadata: new Map() };
}

/** HDF5's number of the class of floating-point types. */
const float = 1;

function tensorOf(dataset: Dataset, tensor: string, most: number): StoredTensor | WeightFileProblem {
  const { type, size, shape, littleEndian } = dataset.metadata;
  if (type !== float || (size !== 4 && size !== 8) || !littleEndian || shape === null)
    return {
      tensor,
      expected: "numbers of float32 or float64",
      found: `other elements, of ${size} ${size === 1 ? "byte" : "bytes"}; convert them before saving`,
    };
  const length = shape.reduce((n, axis) => n * axis, 1);
  if (!(length * size <= most))
    throw new WeightFileError({
      tensor,
      expected: "tensors of at most 8 times the file",
      found: `a shape [${shape.slice(0, 16).join(", ")}]`,
    });
  const value = dataset.value;
  const array = size === 8 ? Float64Array : Float32Array;
  const data = typeof value === "number" && shape.length === 0 ? array.of(value) : value;
  if (!(data instanceof Float32Array || data instanceof Float64Array) || data.length !== length)
    throw new WeightFileError({
      tensor,
      expected: `${length} numbers`,
      found: `${quote(typeof data)}: the file is damaged`,
    });
  return { dtype: size === 4 ? "float32" : "float64", shape, data };
}
