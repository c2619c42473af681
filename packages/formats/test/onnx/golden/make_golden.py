"""Exports recurrent modules of PyTorch as ONNX files, with inputs and what PyTorch makes of them.

    pip install torch==2.13.0 onnx==1.23.1 onnxscript==0.7.2
    python make_golden.py

Writes NAME.onnx and golden.json beside this file.
"""

import json
import pathlib

import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

here = pathlib.Path(__file__).parent


class WithStates(nn.Module):
    """A recurrent module with a readout; its states go in and out."""

    def __init__(self, kind, **settings):
        super().__init__()
        self.net = getattr(nn, kind)(3, 4, **settings)
        self.head = nn.Linear(4 * (2 if settings.get("bidirectional") else 1), 2)
        self.is_lstm = kind == "LSTM"

    def forward(self, x, *states):
        output, final = self.net(x, states if self.is_lstm else states[0])
        return (self.head(output), *(final if self.is_lstm else (final,)))


class Classifier(nn.Module):
    """Symbols, an LSTM of two layers in both directions, and the last states of its upper layer."""

    def __init__(self):
        super().__init__()
        self.words = nn.Embedding(7, 3)
        self.norm = nn.LayerNorm(3)
        self.net = nn.LSTM(3, 4, num_layers=2, bidirectional=True, batch_first=True)
        self.head = nn.Sequential(nn.Dropout(0.5), nn.Linear(8, 5), nn.ReLU(), nn.Linear(5, 3))

    def forward(self, x):
        _, (h, _) = self.net(self.norm(self.words(x)))
        return torch.log_softmax(self.head(torch.cat([h[-2], h[-1]], dim=1)), dim=-1)


class Packed(nn.Module):
    """Sequences of several lengths, packed."""

    def __init__(self, kind):
        super().__init__()
        self.net = getattr(nn, kind)(3, 4, bidirectional=True)
        self.head = nn.Linear(8, 2)

    def forward(self, x, lengths):
        packed = pack_padded_sequence(x, lengths, enforce_sorted=True)
        output, _ = pad_packed_sequence(self.net(packed)[0])
        return self.head(output)


def listed(tensor):
    return {"shape": list(tensor.shape), "data": tensor.flatten().tolist()}


def export(name, model, make, shapes, names, golden, *, dynamo, dims):
    """One file, and cases of two lengths and two numbers of sequences."""
    torch.manual_seed(len(golden))
    model = model().eval()
    for p in model.parameters():
        nn.init.normal_(p, std=0.5)
    inputs, outputs = names
    arguments = make(*shapes[0])
    options = {"dynamic_shapes": dims} if dynamo else {"dynamic_axes": dims}
    torch.onnx.export(
        model, arguments, str(here / f"{name}.onnx"), input_names=inputs, output_names=outputs,
        opset_version=18, dynamo=dynamo, **options, **({"external_data": False} if dynamo else {}),
    )
    cases = []
    for shape in shapes:
        arguments = make(*shape)
        with torch.no_grad():
            results = model(*arguments)
        results = results if isinstance(results, tuple) else (results,)
        cases.append({
            "inputs": {n: listed(v) for n, v in zip(inputs, arguments)},
            "outputs": {n: listed(v) for n, v in zip(outputs, results)},
        })
    golden[name] = cases


def main():
    golden = {}
    shapes = [(5, 3), (2, 4)]
    time, batch = torch.export.Dim("time"), torch.export.Dim("batch")
    for dynamo in (True, False):
        way = "dynamo" if dynamo else "script"
        for kind, settings in [
            ("LSTM", {}), ("GRU", {}), ("RNN", {}), ("RNN", {"nonlinearity": "relu"}),
            ("LSTM", {"num_layers": 2, "bidirectional": True}), ("GRU", {"num_layers": 2, "bidirectional": True}),
        ]:
            # The newer exporter writes an RNN as one step after the other, for one length only.
            if kind == "RNN" and dynamo:
                continue
            rows = settings.get("num_layers", 1) * (2 if settings.get("bidirectional") else 1)
            states = 2 if kind == "LSTM" else 1
            name = "_".join([kind.lower(), *(str(v) for v in settings.values()), way])
            make = lambda T, B: (torch.randn(T, B, 3), *(torch.randn(rows, B, 4) for _ in range(states)))
            old = ["h0", "c0"][:states]
            new = ["hn", "cn"][:states]
            dims = (
                {"x": {1: batch}, "states": tuple({1: batch} for _ in old)}
                if dynamo
                else {"x": {0: "time", 1: "batch"}, "y": {0: "time", 1: "batch"}, **{n: {1: "batch"} for n in old + new}}
            )
            # The newer exporter fixes the number of steps; for a GRU of two directions that of sequences too.
            of = ([(5, 3), (5, 3)] if rows == 4 and kind == "GRU" else [(5, 3), (5, 4)]) if dynamo else shapes
            export(name, lambda: WithStates(kind, **settings), make, of, (["x", *old], ["y", *new]), golden, dynamo=dynamo, dims=dims)
        dims = {"x": {0: batch, 1: time}} if dynamo else {"x": {0: "batch", 1: "time"}, "y": {0: "batch"}}
        make = lambda T, B: (torch.randint(0, 7, (B, T)),)
        export(f"classifier_{way}", Classifier, make, shapes, (["x"], ["y"]), golden, dynamo=dynamo, dims=dims)
    for kind in ["LSTM", "GRU", "RNN"]:
        make = lambda T, B: (torch.randn(T, B, 3), torch.tensor(sorted([T, *(1 + (k * T) // B for k in range(B - 1))], reverse=True)))
        dims = {"x": {0: "time", 1: "batch"}, "lengths": {0: "batch"}, "y": {0: "time", 1: "batch"}}
        export(f"packed_{kind.lower()}", lambda: Packed(kind), make, shapes, (["x", "lengths"], ["y"]), golden, dynamo=False, dims=dims)
    (here / "golden.json").write_text(json.dumps(golden))


main()
