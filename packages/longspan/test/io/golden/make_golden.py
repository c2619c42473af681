"""Weight files written by the Python package, and what they hold.

Writes next to itself NAME.safetensors and, for all of them, contents.json with the elements as numbers.
The tests read the files and compare, and write the same tensors and compare the bytes; halves.safetensors and
integers.safetensors, with types that the library reads as float32 or int32 and never writes, are read only.

    python3 -m venv .venv
    .venv/bin/pip install safetensors==0.8.0 numpy torch==2.13.0
    .venv/bin/python packages/longspan/test/io/golden/make_golden.py
    npx biome format --write packages/longspan/test/io/golden/contents.json
"""

import json
import pathlib

import numpy as np
import safetensors.torch
import torch
from safetensors.numpy import save

FOLDER = pathlib.Path(__file__).parent

FILES = {
    "parameters": (
        {
            "layers[0].cell.U": np.array([[1.5, -2.25, 1e-30], [3e38, 0.1, -0.0]], np.float32),
            "layers[0].cell.b": np.array([1e-45, 7.0, -1.0], np.float32),
            "readout.c": np.array(np.pi),
            "readout.V": np.array([[1 / 3, -1e300], [5e-324, 2.0**53]], np.float64),
            "vocabulary.counts": np.array([0, -1, 2147483647, -2147483648], np.int32),
            "none": np.zeros((0, 4), np.float32),
            "B": np.ones((1, 1, 1), np.float32),
        },
        {"note": 'a "quoted" text, \n Grüße 😀'},
    ),
    "names": (
        {name: np.array([i], np.int32) for i, name in enumerate(["é", "\uff5e", "😀", 'a"b\\c\n\x01', "__proto__", "", "z"])},
        None,
    ),
    "empty": ({}, None),
}


# Zeros, the smallest and largest subnormal and normal numbers of both types, and what lies between.
NUMBERS = [0.0, -0.0, 1.0, -2.5, 0.1, np.pi, -1e3, 65504.0, 2**-14, 2**-14 - 2**-24, -(2**-24), 1.5 * 2**-23, 3e38, -1e-38, 1e-40]
HALVES = {
    "half": torch.tensor([x for x in NUMBERS if abs(x) < 65520], dtype=torch.float16),
    "brain": torch.tensor(NUMBERS, dtype=torch.bfloat16).reshape(5, 3),
    "single": torch.tensor([0.1], dtype=torch.float32),
}


# What stands beside the weights of many networks: counters, masks, bytes.
INTEGERS = {
    "norm.weight": np.array([0.5, -1.0], np.float32),
    "norm.num_batches_tracked": np.array(38000),
    "mask": np.array([[True, False], [False, True]]),
    "u8": np.array([0, 255], np.uint8),
    "i8": np.array([-128, 127], np.int8),
    "u16": np.array([65535], np.uint16),
    "i16": np.array([-32768, 32767], np.int16),
    "u32": np.array([2147483647], np.uint32),
    "i64": np.array([-2147483648, 2147483647], np.int64),
    "u64": np.array([7], np.uint64),
}


def contents(tensors, metadata):
    return {
        "metadata": metadata or {},
        "tensors": [
            {"name": name, "dtype": str(a.dtype), "shape": list(a.shape), "data": [float(x) for x in a.reshape(-1)]}
            for name, a in tensors.items()
        ],
    }


def as_read(tensors):
    return {name: t.to(torch.float32).numpy() for name, t in tensors.items()}


def as_int32(tensors):
    return {name: a if a.dtype.kind == "f" else a.astype(np.int32) for name, a in tensors.items()}


for name, (tensors, metadata) in FILES.items():
    (FOLDER / f"{name}.safetensors").write_bytes(save(tensors, metadata))
(FOLDER / "halves.safetensors").write_bytes(safetensors.torch.save(HALVES))
(FOLDER / "integers.safetensors").write_bytes(save(INTEGERS))
written = {name: contents(*file) for name, file in FILES.items()}
read = {"halves": contents(as_read(HALVES), None), "integers": contents(as_int32(INTEGERS), None)}
text = json.dumps({**written, **read}, indent=2)
(FOLDER / "contents.json").write_text(text + "\n")
