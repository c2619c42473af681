"""Checks that the Python package reads what the library writes.

Sends random tensors to the built library, has it write a weight file, reads the file with the safetensors package and
compares names, types, shapes, metadata and every bit of the data.

How to run, from the root of the repository, after `npm ci`:

    python3 -m venv .venv
    .venv/bin/pip install safetensors==0.8.0 numpy
    .venv/bin/python packages/longspan/test/io/check_python.py
"""

import base64
import json
import pathlib
import subprocess
import sys
import tempfile

import numpy as np
from safetensors import safe_open

ROOT = pathlib.Path(__file__).resolve().parents[4]

# Reads {"tensors": [{"path": [..], "dtype", "shape", "base64"}], "metadata"} and writes the file.
WRITER = """
import { readFileSync } from "node:fs";
import { encodeSafetensors, fromArray } from "longspan";
const { tensors, metadata } = JSON.parse(readFileSync(0, "utf8"));
const arrays = { float32: Float32Array, float64: Float64Array, int32: Int32Array };
const tree = {};
for (const { path, dtype, shape, base64 } of tensors) {
  const bytes = new Uint8Array(Buffer.from(base64, "base64"));
  let node = tree;
  for (const key of path.slice(0, -1)) node = node[key] ??= {};
  node[path.at(-1)] = fromArray(new arrays[dtype](bytes.buffer), shape, dtype);
}
process.stdout.write(await encodeSafetensors(tree, metadata));
"""

PATHS = [
    ["embedding", "E"], ["layers", "cell", "U"], ["layers", "cell", "b"], ["readout", "V"], ["é", "\uff5e😀"],
    ['a"b\\c\n\x01'], ["scalar"], ["none"], ["many axes"], ["counts"], ["wide"],
]
SHAPES = [(7, 5), (3, 16), (16,), (4, 3), (1,), (2,), (), (0, 3), (2, 1, 3, 1, 2), (129,), (5, 5)]
DTYPES = [np.float32, np.float64, np.int32]


def random_bits(rng, dtype, shape):
    """Any bits at all, so that NaNs, infinities and subnormal numbers are among them."""
    size = int(np.prod(shape)) * np.dtype(dtype).itemsize
    return np.frombuffer(rng.bytes(size), dtype).reshape(shape)


def write(tensors, metadata):
    request = {
        "tensors": [
            {
                "path": path,
                "dtype": str(array.dtype),
                "shape": list(array.shape),
                "base64": base64.b64encode(array.tobytes()).decode(),
            }
            for path, array in tensors
        ],
        "metadata": metadata,
    }
    command = ["node", "--input-type=module", "--eval", WRITER]
    return subprocess.run(command, input=json.dumps(request).encode(), cwd=ROOT, stdout=subprocess.PIPE, check=True).stdout


def check(tensors, metadata):
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "weights.safetensors"
        path.write_bytes(write(tensors, metadata))
        with safe_open(path, framework="numpy") as file:
            names = [".".join(path) for path, _ in tensors]
            assert sorted(file.keys()) == sorted(names), file.keys()
            assert (file.metadata() or {}) == metadata, file.metadata()
            for name, (_, expected) in zip(names, tensors, strict=True):
                found = file.get_tensor(name)
                assert found.dtype == expected.dtype, (name, found.dtype, expected.dtype)
                assert found.shape == expected.shape, (name, found.shape, expected.shape)
                assert found.tobytes() == expected.tobytes(), f"{name}: other values"


def main():
    if sys.byteorder != "little":
        sys.exit("error: this script compares bytes and needs a machine that stores the low byte first")
    rng = np.random.RandomState(1)
    count = 0
    for k in range(len(DTYPES)):
        # Each path gets each type once.
        tensors = [
            (path, random_bits(rng, DTYPES[(i + k) % len(DTYPES)], shape))
            for i, (path, shape) in enumerate(zip(PATHS, SHAPES, strict=True))
        ]
        check(tensors, [{}, {"epoch": "3"}, {"": "", "note": 'a "quoted" text, \n Grüße 😀'}][k])
        count += len(tensors)
    check([], {})
    print(f"the Python package reads {count} tensors in {len(DTYPES)} files, and a file without tensors, bit for bit")


if __name__ == "__main__":
    main()
