import { check, isRecord, kind } from "../check/index.js";
import type { Tensor } from "../tensor/index.js";
import { treeKind } from "../tensor/kinds.js";
import { toFromLittleEndian } from "./byte-order.js";
import { writtenTypes } from "./element-types.js";
import { lengthBytes, longestHeader, metadataKey } from "./header.js";
import { named } from "./named-tensors.js";
import { compareUtf8, encodeUtf8, hasLoneSurrogate } from "./utf8.js";
import { quote } from "./weight-file-error.js";

/**
 * Writes the tensors of a tree as a safetensors file. The same tree gives the same bytes, in the layout of the format's
 * own writer: float64 before float32 before int32, by name within each, the data at a multiple of 8 bytes.
 *
 * The reads are issued at once, before the first wait: the file is a snapshot, even if training goes on meanwhile.
 *
 * @param tree any tree of tensors; a tensor's name is its path, such as `layers[0].cell.U`. Other leaves are left out.
 * @param metadata texts to go with it.
 * @throws TypeError if a leaf holds no data because it is being traced, if two leaves have one name, or if a name cannot
 * be written (`__metadata__`, or half of a surrogate pair).
 * @see https://huggingface.co/docs/safetensors
 * @example
 * const file = await encodeSafetensors({ cell: { U: tensor([[1, 2]]) } }, { epoch: "3" });
 * decodeSafetensors(file).tensors.get("cell.U"); // { dtype: "float32", shape: [1, 2], data: [1, 2] }
 */
export async function encodeSafetensors(
  tree: unknown,
  metadata: Readonly<Record<string, string>> | ReadonlyMap<string, string> = {},
): Promise<Uint8Array> {
  check("encodeSafetensors", "tree", tree, treeKind);
  check("encodeSafetensors", "metadata", metadata, kind("a record of texts, or a Map of them", isRecord));
  const tensors = named("encodeSafetensors", tree, [metadataKey]).map(([name, tensor]) => ({
    name,
    tensor,
    read: tensor.data(),
  }));
  const texts = textsOf(metadata);
  const datas = await Promise.all(tensors.map((t) => t.read));
  const order = tensors
    .map(({ name, tensor }, i) => ({ name, tensor, rank: rankOf(tensor), data: datas[i]! }))
    .sort((a, b) => a.rank - b.rank || compareUtf8(a.name, b.name));
  const fields = texts.length > 0 ? [`"${metadataKey}":{${texts.join()}}`] : [];
  let end = 0;
  for (const { name, tensor, rank, data } of order) {
    const begin = end;
    end += data.byteLength;
    fields.push(
      `${JSON.stringify(name)}:{"dtype":"${writtenTypes[rank]!.name}","shape":[${tensor.shape.join()}],"data_offsets":[${begin},${end}]}`,
    );
  }
  return assemble(
    encodeUtf8(`{${fields.join()}}`),
    order.map((t) => t.data),
    end,
  );
}

function assemble(header: Uint8Array, datas: readonly ArrayBufferView[], dataLength: number): Uint8Array {
  const headerLength = Math.ceil(header.length / 8) * 8;
  if (headerLength > longestHeader)
    throw new RangeError(`a header of ${headerLength} bytes; the format allows ${longestHeader}`);
  const file = new Uint8Array(lengthBytes + headerLength + dataLength);
  new DataView(file.buffer).setUint32(0, headerLength, true);
  file.set(header, lengthBytes);
  file.fill(" ".charCodeAt(0), lengthBytes + header.length, lengthBytes + headerLength);
  let at = lengthBytes + headerLength;
  for (const data of datas) {
    const bytes = file.subarray(at, at + data.byteLength);
    bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
    toFromLittleEndian(bytes, data instanceof Float64Array ? 8 : 4);
    at += data.byteLength;
  }
  return file;
}

function textsOf(metadata: Readonly<Record<string, string>> | ReadonlyMap<string, string>): string[] {
  const entries = metadata instanceof Map ? [...metadata] : Object.entries(metadata);
  return entries.map(([key, text]) => {
    if (typeof text !== "string" || hasLoneSurrogate(key) || hasLoneSurrogate(text))
      throw new TypeError(
        `encodeSafetensors: the metadata ${quote(String(key))} is not a text that can be written`,
      );
    return `${JSON.stringify(key)}:${JSON.stringify(text)}`;
  });
}

function rankOf(tensor: Tensor): number {
  return writtenTypes.findIndex(({ dtype }) => dtype === tensor.dtype);
}
