"""Weight files of PyTorch with what their modules give: run with torch 2.13, in this folder.

For each module NAME.pt, by torch.save of the state dictionary, and in golden.json the inputs, the lengths and the outputs, at two lengths and two
batch sizes; packed sequences where the module is recurrent. others.pt holds other element types, strides and a nested checkpoint;
code.pt asks for a call that must not be made. gradients.json has recurrent modules of two layers, of one direction and of two, with their weights and
the derivatives of the sum of the outputs, the i-th number times sin(i), with respect to the inputs and every weight."""

import json
import os

import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

torch.manual_seed(21)

recurrent = {
    "lstm": nn.LSTM(3, 4, num_layers=2),
    "lstm_both_projected": nn.LSTM(3, 4, num_layers=2, bidirectional=True, proj_size=2),
    "lstm_without_bias": nn.LSTM(3, 4, bias=False),
    "gru": nn.GRU(3, 4, num_layers=2, bidirectional=True),
    "rnn_tanh": nn.RNN(3, 4),
    "rnn_relu": nn.RNN(3, 4, nonlinearity="relu", bidirectional=True),
}
cells = {"lstm_cell": nn.LSTMCell(3, 4), "gru_cell": nn.GRUCell(3, 4), "rnn_cell": nn.RNNCell(3, 4)}
rows = {
    "linear": (nn.Linear(3, 2), torch.randn(5, 3)),
    "linear_without_bias": (nn.Linear(3, 2, bias=False), torch.randn(5, 3)),
    "embedding": (nn.Embedding(6, 3), torch.tensor([4, 0, 5])),
    "layer_norm": (nn.LayerNorm(3), torch.randn(5, 3)),
}


def run(module, lengths):
    """Sequences of some lengths, each alone, and what a packed batch of them gives."""
    xs = [torch.randn(n, 3) for n in lengths]
    padded = nn.utils.rnn.pad_sequence(xs)
    packed = pack_padded_sequence(padded, torch.tensor(lengths), enforce_sorted=False)
    output, lengths_back = pad_packed_sequence(module(packed)[0])
    return {
        "lengths": lengths,
        "x": [x.tolist() for x in xs],
        "output": [output[:n, b].tolist() for b, n in enumerate(lengths_back.tolist())],
    }


golden = {}
with torch.no_grad():
    for name, module in recurrent.items():
        torch.save(module.state_dict(), f"{name}.pt")
        golden[name] = [run(module, [5, 2, 3]), run(module, [7])]
    for name, module in cells.items():
        torch.save(module.state_dict(), f"{name}.pt")
        x, state = torch.randn(4, 3), None
        outputs = []
        for t in range(4):
            state = module(x[t : t + 1], state)
            outputs.append((state[0] if isinstance(state, tuple) else state)[0].tolist())
        golden[name] = [{"lengths": [4], "x": [x.tolist()], "output": [outputs]}]
    for name, (module, x) in rows.items():
        torch.save(module.state_dict(), f"{name}.pt")
        golden[name] = {"x": x.tolist(), "output": module(x).tolist()}

six = torch.arange(6, dtype=torch.float32).reshape(2, 3)
torch.save(
    {
        "epoch": 3,
        "name": "a checkpoint",
        "model": nn.Linear(2, 2).state_dict(),
        "list": [six.t(), six[:, 1], torch.tensor(2.5), torch.zeros(0, 3), nn.Parameter(six)],
        "half": torch.tensor([0.5, -2.0], dtype=torch.float16),
        "brain": torch.tensor([0.5, -2.0], dtype=torch.bfloat16),
        "double": torch.tensor([0.1], dtype=torch.float64),
        "integers": torch.tensor([-7, 2**31 - 1]),
        "unsigned": torch.tensor([7, 65535], dtype=torch.uint16),
        "flags": torch.tensor([True, False]),
        "long": torch.tensor([2**40]),
        "complex": torch.tensor([1j]),
    },
    "others.pt",
)


class Call:
    def __reduce__(self):
        return (os.system, ("touch was-run",))


torch.save({"w": torch.ones(2), "call": Call(), "module": nn.Linear(1, 1)}, "code.pt")
torch.save({"w": torch.ones(2)}, "old.pt", _use_new_zipfile_serialization=False)
with open("golden.json", "w") as file:
    json.dump(golden, file)
    file.write("\n")

gradients = {}


def numbers(x):
    """Float32 numbers in the few digits that tell them apart."""
    return [numbers(row) for row in x] if isinstance(x, list) else float(f"{x:.9g}")


for kind in ("LSTM", "GRU", "RNN"):
    for both in (False, True):
        module = getattr(nn, kind)(2, 2, num_layers=2, bidirectional=both)
        lengths = [4, 1, 3]
        xs = [torch.randn(n, 2, requires_grad=True) for n in lengths]
        packed = pack_padded_sequence(nn.utils.rnn.pad_sequence(xs), torch.tensor(lengths), enforce_sorted=False)
        output, _ = pad_packed_sequence(module(packed)[0])
        own = torch.cat([output[:n, b] for b, n in enumerate(lengths)])
        (own * torch.sin(torch.arange(own.numel(), dtype=torch.float64)).float().reshape(own.shape)).sum().backward()
        gradients[f"{kind} of {2 if both else 1}"] = {
            "lengths": lengths,
            "x": numbers([x.tolist() for x in xs]),
            "dx": numbers([x.grad.tolist() for x in xs]),
            "weights": {name: numbers(w.tolist()) for name, w in module.named_parameters()},
            "gradients": {name: numbers(w.grad.tolist()) for name, w in module.named_parameters()},
        }
with open("gradients.json", "w") as file:
    json.dump(gradients, file)
    file.write("\n")
