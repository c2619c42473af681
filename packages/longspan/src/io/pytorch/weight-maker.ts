import { quote, shapeText, WeightFileError, type WeightFileProblem } from "../weight-file-error.js";
import type { ZipEntry } from "../zip.js";
import { type Pickled, PickledName, PickledObject, type PickleMaker } from "./pickle.js";
import { typeOfStorage } from "./storages.js";
import { OtherTensor, Storage, TensorView } from "./tensor-view.js";

/** What is refused. */
class Refused extends PickledObject {}

/** Makes what the pickles of weights stand for. */
export class WeightMaker implements PickleMaker {
  private readonly refused = new Map<string, number>();

  constructor(
    private readonly files: ReadonlyMap<string, ZipEntry>,
    private readonly folder: string,
  ) {}

  call(callee: Pickled, args: Pickled, offset: number): Pickled {
    if (!(callee instanceof PickledName) || !Array.isArray(args)) return new Refused();
    switch (callee.name) {
      case "collections.OrderedDict":
      case "builtins.dict":
        return dictionaryOf(args[0]);
      case "__builtin__.set":
      case "builtins.set":
      case "torch.Size":
        return args[0] ?? [];
      case "torch._utils._rebuild_parameter":
      case "torch._utils._rebuild_parameter_with_state":
        return args[0] ?? null;
      case "torch._utils._rebuild_tensor_v2":
      case "torch._utils._rebuild_tensor_v3":
        return this.tensor(args, offset);
      case "torch.device":
        return null;
      default:
        this.refused.set(callee.name, this.refused.get(callee.name) ?? callee.offset);
        return new Refused();
    }
  }

  reference(id: Pickled, offset: number): Pickled {
    const [kind, type, key] = Array.isArray(id) ? id : [];
    const file = kind === "storage" && typeof key === "string" && this.files.get(this.folder + key);
    if (!file || !(type instanceof PickledName))
      throw new WeightFileError({
        offset,
        expected: "the bytes of a tensor in the archive",
        found: typeof key === "string" ? `no file ${quote(this.folder + key)}` : "another reference",
      });
    return new Storage(type.name, typeOfStorage(type.name) ?? null, file.bytes);
  }

  private tensor(args: readonly Pickled[], offset: number): TensorView | OtherTensor {
    const [storage, first, shape, strides, , , dtype] = args;
    const type =
      dtype instanceof PickledName ? typeOfStorage(dtype.name) : (storage as Storage | undefined)?.type;
    if (!(storage instanceof Storage) || !isSize(first) || !areSizes(shape) || !areSizes(strides))
      throw new WeightFileError({
        offset,
        expected: "a tensor with its storage, offset, shape and strides",
        found: "another form",
      });
    if (!type) return new OtherTensor(dtype instanceof PickledName ? dtype.name : storage.name, offset);
    const view = new TensorView(storage, type, shape, strides, first, offset);
    const elements = Math.floor((8 * storage.bytes.length) / type.bits);
    const last = shape.reduce((sum, length, axis) => sum + (length - 1) * strides[axis]!, first);
    if (shape.length !== strides.length || view.size > elements || (view.size > 0 && last >= elements))
      throw new WeightFileError({
        offset,
        expected: `a tensor within the ${elements} elements of its storage`,
        found: `shape ${shapeText(shape)}, strides ${shapeText(strides)}, from element ${first}`,
      });
    return view;
  }

  /** @throws WeightFileError naming what the file would have run */
  refuse(): void {
    const problems = [...this.refused].map(
      ([name, offset]): WeightFileProblem => ({
        offset,
        expected: "weights only, such as torch.save(model.state_dict(), file) writes",
        found: `${quote(name)}, which is refused and was not run`,
      }),
    );
    const [one, ...more] = problems;
    if (one) throw new WeightFileError(one, ...more);
  }
}

/** A dictionary of a list of pairs, or a copy of another. */
function dictionaryOf(from: Pickled | undefined): Map<Pickled, Pickled> {
  if (from instanceof Map) return new Map(from);
  const pairs = Array.isArray(from) ? from : [];
  return new Map(
    pairs.filter((pair): pair is [Pickled, Pickled] => Array.isArray(pair) && pair.length === 2),
  );
}

function isSize(value: Pickled | undefined): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}

function areSizes(value: Pickled | undefined): value is number[] {
  return Array.isArray(value) && value.every(isSize);
}
