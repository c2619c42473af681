// Writes an ONNX model of one LSTM operator: as much of the format as that takes (onnx.proto3, field numbers in the code).

const bytes = (list) => Uint8Array.from(list);
const joined = (parts) => {
  const all = new Uint8Array(parts.reduce((n, p) => n + p.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
};
function varint(n) {
  const out = [];
  let rest = n;
  for (; rest > 127; rest = Math.floor(rest / 128)) out.push((rest % 128) | 128);
  return bytes([...out, rest]);
}
/** Field by number: a whole number, or bytes, text and messages by length. */
const whole = (field, n) => joined([varint(8 * field), varint(n)]);
const block = (field, content) => {
  const data = typeof content === "string" ? new TextEncoder().encode(content) : content;
  return joined([varint(8 * field + 2), varint(data.length), data]);
};
const message = (field, ...fields) => block(field, joined(fields));

const float = 1;
const tensor = (name, shape, data) => [
  ...shape.map((n) => whole(1, n)),
  whole(2, float),
  block(8, name),
  block(9, new Uint8Array(data.buffer, data.byteOffset, data.byteLength)),
];
const described = (field, name, shape) =>
  message(
    field,
    block(1, name),
    message(2, message(1, whole(1, float), message(2, ...shape.map((n) => message(1, whole(1, n)))))),
  );

/**
 * X [T, B, I], h and s [1, B, H] go in; Y [T, 1, B, H], hOut and sOut come out.
 * @param weights W [1, 4H, I], R [1, 4H, H], b [1, 8H], gates in the order input, output, forget, cell
 */
export function lstmModel({ T, B, I, H }, weights) {
  const shapes = { W: [1, 4 * H, I], R: [1, 4 * H, H], b: [1, 8 * H] };
  const node = message(
    1,
    ...["X", "W", "R", "b", "", "h", "s"].map((name) => block(1, name)),
    ...["Y", "hOut", "sOut"].map((name) => block(2, name)),
    block(4, "LSTM"),
    message(5, block(1, "hidden_size"), whole(3, H), whole(20, 2)),
  );
  const graph = message(
    7,
    node,
    block(2, "lstm"),
    ...Object.entries(shapes).map(([name, shape]) => message(5, ...tensor(name, shape, weights[name]))),
    described(11, "X", [T, B, I]),
    described(11, "h", [1, B, H]),
    described(11, "s", [1, B, H]),
    described(12, "Y", [T, 1, B, H]),
    described(12, "hOut", [1, B, H]),
    described(12, "sOut", [1, B, H]),
  );
  return joined([whole(1, 8), graph, message(8, whole(2, 14))]);
}
