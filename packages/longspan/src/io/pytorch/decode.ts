import { check, instanceOf } from "../../check/index.js";
import type { StoredWeights } from "../decode.js";
import { eitherOf, readTypes } from "../element-types.js";
import { elements, type StoredTensor } from "../elements.js";
import { StoredTensors } from "../stored-tensors.js";
import { quote, WeightFileError, type WeightFileProblem } from "../weight-file-error.js";
import { looksLikeZip, readZip, type ZipEntry } from "../zip.js";
import { type Pickled, readPickle } from "./pickle.js";
import { gathered, OtherTensor, TensorView } from "./tensor-view.js";
import { WeightMaker } from "./weight-maker.js";

/**
 * Reads a file that `torch.save` wrote, `.pt` or `.pth`: a zip archive with a pickle and the bytes of its tensors. No code of it is run: the
 * pickle is read as data, and a class or function that weights do not need is refused by its name.
 *
 * Takes a state dictionary, or what has some in it: of `{ "model": model.state_dict(), "epoch": 3 }` the tensors are called `model.lstm.weight_ih_l0`
 * and so on, and numbers and texts stand in the metadata. Everything that the file claims is checked before memory is taken for it.
 *
 * @param bytes the whole file
 * @returns names with types float32 (float16 and bfloat16 too), float64 and int32 (integers of all sizes, and booleans as 0 and 1); the data is
 * copied. What cannot be held exactly is listed in `unread`.
 * @throws WeightFileError saying where and what: a file of `torch.save` before PyTorch 1.6, a whole model in place of its state dictionary, code
 * @see https://docs.pytorch.org/docs/stable/notes/serialization.html
 * @example
 * const file = await encodePytorch({ lstm: { weight_ih_l0: tensor([[1, 2]]) } });
 * decodePytorch(file).tensors.get("lstm.weight_ih_l0"); // { dtype: "float32", shape: [1, 2], data: [1, 2] }
 */
export function decodePytorch(bytes: Uint8Array): StoredWeights {
  check("decodePytorch", "bytes", bytes, instanceOf(Uint8Array, "a Uint8Array"));
  if (!looksLikeZip(bytes))
    throw new WeightFileError({
      offset: 0,
      expected: "a zip archive, as torch.save has written it since PyTorch 1.6",
      found: bytes[0] === 0x80 ? "a bare pickle; load it in PyTorch and save it again" : "something else",
    });
  const files = readZip(bytes);
  const [pickleName, pickle] = pickleOf(files);
  const folder = pickleName.slice(0, -"data.pkl".length);
  const order = files.get(`${folder}byteorder`);
  if (order && !isLittle(order))
    throw new WeightFileError({ offset: order.offset, expected: "the byte order little", found: "another" });
  const maker = new WeightMaker(files, `${folder}data/`);
  const root = readPickle(pickle.bytes, pickle.offset, maker);
  maker.refuse();
  const { tensors, metadata } = named(root, { most: pickle.bytes.length, offset: pickle.offset });
  return { ...contents(tensors, bytes.length), metadata };
}

function pickleOf(files: ReadonlyMap<string, ZipEntry>): [string, ZipEntry] {
  const [found] = [...files].filter(([name]) => /^[^/]*\/data\.pkl$/.test(name));
  if (!found)
    throw new WeightFileError({
      offset: 0,
      expected: "data.pkl in the archive, as torch.save writes it",
      found: files.size === 0 ? "an empty archive" : [...files.keys()].slice(0, 3).map(quote).join(", "),
    });
  const compressed = [...files].find(([, file]) => file.deflated);
  if (compressed)
    throw new WeightFileError({
      offset: compressed[1].offset,
      expected: "files that are stored as they are, as torch.save does",
      found: `${quote(compressed[0])}, compressed`,
    });
  return found;
}

function isLittle({ bytes }: ZipEntry): boolean {
  return bytes.length === 6 && String.fromCharCode(...bytes) === "little";
}

/** Deeper than any checkpoint is, and a list that holds itself is endless. */
const deepest = 64;

/** Characters of paths per byte of the pickle. */
const mostOfPaths = 64;

/** The tensors of a value by their paths, and what is text or a number. @param most values, of which each takes a byte of the file at least */
function named(
  root: Pickled,
  { most, offset }: { most: number; offset: number },
): { tensors: Map<string, TensorView | OtherTensor>; metadata: Map<string, string> } {
  const tensors = new Map<string, TensorView | OtherTensor>();
  const metadata = new Map<string, string>();
  let [seen, characters] = [0, 0];
  const visit = (value: Pickled, path: string, depth: number) => {
    seen += 1;
    characters += path.length;
    if (seen > most || characters > mostOfPaths * most || depth > deepest)
      throw new WeightFileError({
        offset,
        expected: "values that stand in the file",
        found:
          depth > deepest
            ? `values nested more than ${deepest} deep`
            : "values that are repeated again and again",
      });
    if (value instanceof TensorView || value instanceof OtherTensor) {
      if (tensors.has(path))
        throw new WeightFileError({
          offset: value.offset,
          tensor: path,
          expected: "every name once",
          found: "it again",
        });
      tensors.set(path, value);
    } else if (value instanceof Map)
      for (const [key, item] of value)
        visit(item, path === "" ? String(key) : `${path}.${String(key)}`, depth + 1);
    else if (Array.isArray(value))
      for (const [i, item] of value.entries()) visit(item, `${path}[${i}]`, depth + 1);
    else if (typeof value === "string" || typeof value === "number" || typeof value === "boolean")
      metadata.set(path, String(value));
  };
  visit(root, "", 0);
  return { tensors, metadata };
}

/** Bytes of tensors per byte of the file: tensors can share storages. */
const mostShared = 8;

function contents(
  views: ReadonlyMap<string, TensorView | OtherTensor>,
  fileLength: number,
): Pick<StoredWeights, "tensors" | "unread"> {
  const read: [string, StoredTensor][] = [];
  const unread = new Map<string, WeightFileProblem>();
  let total = 0;
  for (const [name, view] of views) {
    if (view instanceof OtherTensor) {
      const { type, offset } = view;
      const expected = `the dtype ${eitherOf(readTypes)}`;
      unread.set(name, {
        tensor: name,
        offset,
        expected,
        found: `${quote(type)}; convert the tensor before saving it`,
      });
      continue;
    }
    const { type, shape, offset } = view;
    total += (view.size * type.bits) / 8;
    if (total > mostShared * fileLength)
      throw new WeightFileError({
        tensor: name,
        offset,
        expected: `tensors of at most ${mostShared} times the file`,
        found: "more: they share their bytes many times over",
      });
    const data = elements(gathered(view), { name, type, shape, offset });
    if ("found" in data) unread.set(name, data);
    else read.push([name, { dtype: type.dtype!, shape, data }]);
  }
  return { tensors: new StoredTensors(read, unread), unread };
}
