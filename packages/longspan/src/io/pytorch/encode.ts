import { check } from "../../check/index.js";
import { treeKind } from "../../tensor/kinds.js";
import { toFromLittleEndian } from "../byte-order.js";
import { named } from "../named-tensors.js";
import { encodeUtf8 } from "../utf8.js";
import { writeZip } from "../zip.js";
import { storageOf } from "./storages.js";

/**
 * Writes the tensors of a tree as a file that `torch.load` takes, also with `weights_only=True`: a dictionary of tensors by name, for
 * `load_state_dict`. The same tree gives the same bytes.
 *
 * @param tree any tree of tensors; a tensor's name is its path, such as `lstm.weight_ih_l0`. Other leaves are left out.
 * @throws TypeError if a leaf holds no data because it is being traced, or if two leaves have one name
 * @example
 * const file = await encodePytorch({ lstm: { bias_ih_l0: tensor([1, 2]) } });
 * decodePytorch(file).tensors.get("lstm.bias_ih_l0"); // { dtype: "float32", shape: [2], data: [1, 2] }
 */
export async function encodePytorch(tree: unknown): Promise<Uint8Array> {
  check("encodePytorch", "tree", tree, treeKind);
  const tensors = named("encodePytorch", tree).map(([name, tensor]) => ({
    name,
    tensor,
    read: tensor.data(),
  }));
  const pickle = new PickleWriter();
  const files = new Map<string, Uint8Array>();
  const datas = await Promise.all(tensors.map((t) => t.read));
  pickle.code("}").code("(");
  for (const [i, { name, tensor }] of tensors.entries()) {
    const { dtype, shape } = tensor;
    pickle.text(name);
    pickle.name("torch._utils", "_rebuild_tensor_v2").code("(").code("(");
    pickle.text("storage").name("torch", storageOf(dtype)).text(String(i)).text("cpu").integer(tensor.size);
    pickle.code("t").code("Q").integer(0).sizes(shape).sizes(stridesOf(shape)).code("\x89");
    pickle.name("collections", "OrderedDict").code(")").code("R").code("t").code("R");
    const copy = new Uint8Array(datas[i]!.byteLength);
    copy.set(new Uint8Array(datas[i]!.buffer, datas[i]!.byteOffset, datas[i]!.byteLength));
    toFromLittleEndian(copy, dtype === "float64" ? 8 : 4);
    files.set(`archive/data/${i}`, copy);
  }
  pickle.code("u").code(".");
  const heads = new Map([
    ["archive/data.pkl", pickle.bytes()],
    ["archive/byteorder", encodeUtf8("little")],
  ]);
  return writeZip(new Map([...heads, ...files, ["archive/version", encodeUtf8("3\n")]]));
}

function stridesOf(shape: readonly number[]): number[] {
  return shape.map((_, axis) => shape.slice(axis + 1).reduce((n, length) => n * Math.max(length, 1), 1));
}

/** Writes a pickle of protocol 2. */
class PickleWriter {
  private readonly parts: Uint8Array[] = [Uint8Array.of(0x80, 2)];

  code(instruction: string): this {
    this.parts.push(Uint8Array.of(instruction.charCodeAt(0)));
    return this;
  }

  text(value: string): this {
    const bytes = encodeUtf8(value);
    return this.number("X", bytes.length).add(bytes);
  }

  name(module: string, name: string): this {
    return this.code("c").add(encodeUtf8(`${module}\n${name}\n`));
  }

  integer(value: number): this {
    if (value < 2 ** 31) return this.number("J", value);
    const long = new DataView(new ArrayBuffer(8));
    long.setBigInt64(0, BigInt(value), true);
    return this.add(Uint8Array.of(0x8a, 8)).add(new Uint8Array(long.buffer));
  }

  sizes(values: readonly number[]): this {
    this.code("(");
    for (const value of values) this.integer(value);
    return this.code("t");
  }

  bytes(): Uint8Array {
    const all = new Uint8Array(this.parts.reduce((sum, { length }) => sum + length, 0));
    let at = 0;
    for (const part of this.parts) {
      all.set(part, at);
      at += part.length;
    }
    return all;
  }

  private number(instruction: string, value: number): this {
    const bytes = new DataView(new ArrayBuffer(4));
    bytes.setUint32(0, value, true);
    return this.code(instruction).add(new Uint8Array(bytes.buffer));
  }

  private add(bytes: Uint8Array): this {
    this.parts.push(bytes);
    return this;
  }
}
