"""Golden values for the recurrent layers, decoders with attention, memory networks, optimisers, a schedule, losses, layer norm, convolutions and operations.

PyTorch computes every case in float64 on the CPU; the TypeScript tests compare with
the JSON files this script writes next to itself. The float32 tests use the same truth
with a wider tolerance.

How to run (Python 3.10 or newer; made with torch 2.13.0 and numpy 2):

    python3 -m venv .venv
    .venv/bin/pip install torch==2.13.0 numpy
    .venv/bin/python tests/golden/make_golden.py            # write the files
    .venv/bin/python tests/golden/make_golden.py --check    # recompute, compare, write nothing

What it writes: one JSON file per case, named <case>.json, each of this form:

    {"case": name, "config": {...}, "layout": note, "weights": {...}, "inputs": {...},
     "cotangents": {...}, "outputs": {...}, "gradients": {...}}

* Every array is {"shape": [...], "data": [row-major values]}; a scalar is a number.
  The settings in "config" (lengths, steps, betas) are plain JSON lists.
* A ragged array is a list of such arrays, one per sequence, in the original batch order.
  Nothing is padded. In the recurrent cases x, output, Wout and x's gradient have shape
  [length, features] per sequence, and h_0, c_0, h_n, c_n, Wh, Wc and the gradients of
  h_0 and c_0 have shape [num_layers * num_directions, hidden_size] per sequence; where
  "config" has a proj_size, that is the width of output, Wout and every h.
* "weights" keep PyTorch's names and layouts; "layout" says the order of the gates.
* "gradients" are those of the scalar "loss" in "outputs":
  sum(output * Wout) + sum(h_n * Wh) + sum(c_n * Wc), without the last term where there
  is no cell state.
* Floats are written with repr (1e-05 as 1e-5), which gives back the same float64 when read.

Random values come from numpy's RandomState, whose stream is frozen, with one fixed seed
per case; that of rnn_relu is picked to keep every ReLU input clear of 0. Before anything is
written or compared, each recurrent case and each one with attention is computed again by a plain numpy implementation
(outputs to 1e-12, every gradient by central differences to 1e-8).
"""

import argparse
import json
import math
import pathlib
import re
import sys

import numpy as np
import torch
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence, pad_sequence
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

HERE = pathlib.Path(__file__).resolve().parent
TORCH_VERSION = "2.13.0"
CHECK_TOLERANCE = 1e-12  # --check: |a - b| <= tolerance * (1 + |stored|)
LINE_WIDTH = 110  # of the JSON files; the repository's formatter uses the same

torch.set_default_dtype(torch.float64)
torch.set_num_threads(1)

GATES = {"RNN_TANH": 1, "RNN_RELU": 1, "LSTM": 4, "GRU": 3}

LAYOUT = {
    "RNN_TANH": "one block of hidden_size rows; h' = tanh(W_ih x + b_ih + W_hh h + b_hh)",
    "RNN_RELU": "one block of hidden_size rows; h' = relu(W_ih x + b_ih + W_hh h + b_hh)",
    "LSTM": (
        "gate blocks of hidden_size rows in the order i, f, g, o; c' = f * c + i * g with g = tanh(...); "
        "h' = o * tanh(c')"
    ),
    "GRU": (
        "gate blocks of hidden_size rows in the order r, z, n; reset after the product: "
        "n = tanh(W_in x + b_in + r * (W_hn h + b_hn)); h' = (1 - z) * n + z * h"
    ),
}
LAYOUT_COMMON = (
    "; weight_ih_l{k} is [gates * hidden_size, input], weight_hh_l{k} is [gates * hidden_size, hidden_size], "
    "bias_ih_l{k} and bias_hh_l{k} are [gates * hidden_size]; input is input_size at layer 0 and "
    "num_directions * hidden_size above"
)
LAYOUT_BIDIRECTIONAL = (
    "; names ending in _reverse are the backward direction; output is [forward, backward] along features"
)
LAYOUT_PROJECTION = (
    "; h' = weight_hr_l{k} (o * tanh(c')), with weight_hr_l{k} [proj_size, hidden_size] and weight_hh_l{k} "
    "[gates * hidden_size, proj_size]"
)
LAYOUT_CONNECTIONS = {
    "residual": (
        "; config.connections is residual: the input of a layer is added to its output where the two have one width, "
        "so that output of layer k = layer_k(input) + input, and that is what the layer above reads"
    ),
    "skip": (
        "; config.connections is skip: a layer k > 0 reads [output of layer k - 1, x] and the output is that of all "
        "layers, [layer 0, layer 1, ...], each joined along features; weight_ih_l{k} is as wide as that"
    ),
}
LAYOUT_STATES = (
    "; rows of h_0, h_n (and c_0, c_n) are layer * num_directions + direction, with direction 0 forward"
)


# ---------------------------------------------------------------- JSON arrays


def array(value):
    """A tensor or numpy array as {"shape", "data"}."""
    value = value.detach().numpy() if torch.is_tensor(value) else np.asarray(value)
    return {"shape": list(value.shape), "data": value.reshape(-1).tolist()}


def ragged(values):
    return [array(value) for value in values]


def uniform(rng, shape, bound=1.0):
    return rng.uniform(-bound, bound, shape)


def leaf(value):
    return torch.tensor(value, requires_grad=True)


# ---------------------------------------------------------------- recurrent cases


class Connected(torch.nn.Module):
    """PyTorch's LSTM layers one on another, with residual or skip connections; weights are named as torch.nn.LSTM names them."""

    def __init__(self, connections, input_size, hidden_size, layers):
        super().__init__()
        self.connections = connections
        widths = [input_size] + [hidden_size + (input_size if connections == "skip" else 0)] * (layers - 1)
        self.layers = torch.nn.ModuleList([torch.nn.LSTM(width, hidden_size) for width in widths])

    def named_parameters(self):
        for k, layer in enumerate(self.layers):
            for name, parameter in layer.named_parameters():
                yield name.replace("_l0", f"_l{k}"), parameter

    def forward(self, packed, state):
        h_0, c_0 = state
        below, outputs, states = packed.data, [], []
        for k, layer in enumerate(self.layers):
            read = torch.cat([below, packed.data], dim=1) if k > 0 and self.connections == "skip" else below
            output, last = layer(packed._replace(data=read), (h_0[k : k + 1].contiguous(), c_0[k : k + 1].contiguous()))
            joined = self.connections == "residual" and read.shape == output.data.shape
            below = read + output.data if joined else output.data
            outputs.append(below)
            states.append(last)
        data = torch.cat(outputs, dim=1) if self.connections == "skip" else below
        return packed._replace(data=data), tuple(torch.cat(kind) for kind in zip(*states, strict=True))


def recurrent(
    case,
    seed,
    mode,
    lengths,
    enforce_sorted=True,
    layers=1,
    bidirectional=False,
    proj_size=0,
    connections=None,
):
    """One recurrent case over packed sequences of different lengths, from non-zero initial states."""
    input_size, hidden_size = 3, 4
    output_size = proj_size or hidden_size
    rng = np.random.RandomState(seed)
    directions = 2 if bidirectional else 1
    batch, rows = len(lengths), layers * directions
    is_lstm = mode == "LSTM"

    options = dict(num_layers=layers, bidirectional=bidirectional, bias=True, dropout=0.0)
    if connections:
        assert is_lstm and not bidirectional and not proj_size
        module = Connected(connections, input_size, hidden_size, layers)
    elif mode.startswith("RNN"):
        module = torch.nn.RNN(input_size, hidden_size, nonlinearity=mode[4:].lower(), **options)
    else:
        projection = dict(proj_size=proj_size) if proj_size else {}
        module = getattr(torch.nn, mode)(input_size, hidden_size, **options, **projection)
    with torch.no_grad():
        for _, parameter in module.named_parameters():
            parameter.copy_(torch.tensor(uniform(rng, tuple(parameter.shape), 0.8)))

    # Each sequence and each sequence's state is a leaf of its own, so its gradient comes back ragged.
    x = [leaf(uniform(rng, (length, input_size), 1.5)) for length in lengths]
    h_0 = [leaf(uniform(rng, (rows, output_size))) for _ in range(batch)]
    c_0 = [leaf(uniform(rng, (rows, hidden_size))) for _ in range(batch)] if is_lstm else None
    width = directions * output_size * (layers if connections == "skip" else 1)
    w_out = [uniform(rng, (length, width)) for length in lengths]
    w_h = [uniform(rng, (rows, output_size)) for _ in range(batch)]
    w_c = [uniform(rng, (rows, hidden_size)) for _ in range(batch)] if is_lstm else None

    packed = pack_padded_sequence(pad_sequence(x), torch.tensor(lengths), enforce_sorted=enforce_sorted)
    h_stack = torch.stack(h_0, dim=1)
    state = (h_stack, torch.stack(c_0, dim=1)) if is_lstm else h_stack
    packed_output, state = module(packed, state)
    padded, output_lengths = pad_packed_sequence(packed_output)
    assert output_lengths.tolist() == list(lengths)
    output = [padded[:length, b] for b, length in enumerate(lengths)]
    h_stack, c_stack = state if is_lstm else (state, None)
    h_n = [h_stack[:, b] for b in range(batch)]
    c_n = [c_stack[:, b] for b in range(batch)] if is_lstm else None

    def dot(values, cotangents):
        return sum((v * torch.tensor(w)).sum() for v, w in zip(values, cotangents, strict=True))

    loss = dot(output, w_out) + dot(h_n, w_h) + (dot(c_n, w_c) if is_lstm else 0.0)
    loss.backward()

    def grads(leaves):
        return ragged([t.grad for t in leaves])

    layout = LAYOUT[mode] + LAYOUT_COMMON + (LAYOUT_BIDIRECTIONAL if bidirectional else "")
    layout += (LAYOUT_PROJECTION if proj_size else "") + LAYOUT_CONNECTIONS.get(connections, "") + LAYOUT_STATES
    record = {
        "case": case,
        "config": {
            "torch": TORCH_VERSION,
            "seed": seed,
            "mode": mode,
            "input_size": input_size,
            "hidden_size": hidden_size,
            "num_layers": layers,
            "bidirectional": bidirectional,
            "bias": True,
            **({"proj_size": proj_size} if proj_size else {}),
            **({"connections": connections} if connections else {}),
            "batch": batch,
            "lengths": list(lengths),
            "enforce_sorted": enforce_sorted,
        },
        "layout": layout,
        "weights": {name: array(p) for name, p in module.named_parameters()},
        "inputs": {"x": ragged(x), "h_0": ragged(h_0)},
        "cotangents": {"Wout": ragged(w_out), "Wh": ragged(w_h)},
        "outputs": {"loss": loss.item(), "output": ragged(output), "h_n": ragged(h_n)},
        "gradients": {"x": grads(x), "h_0": grads(h_0)},
    }
    if is_lstm:
        record["inputs"]["c_0"] = ragged(c_0)
        record["cotangents"]["Wc"] = ragged(w_c)
        record["outputs"]["c_n"] = ragged(c_n)
        record["gradients"]["c_0"] = grads(c_0)
    record["gradients"].update({name: array(p.grad) for name, p in module.named_parameters()})
    return record


# ---------------------------------------------------------------- optimisers

OPTIM_STEPS = [1, 2, 5, 10, 50, 100]
OPTIM_LOSS = "0.5 * (x - b)^T A (x - b) + cos(w . x)"
OPTIM_LAYOUT = {
    "SGD": (
        "v = g at the first step, then v = momentum * v + g; x -= lr * d, "
        "with d = g + momentum * v if nesterov, and v otherwise"
    ),
    "Adam": (
        "m = beta1 * m + (1 - beta1) * g; v = beta2 * v + (1 - beta2) * g^2; "
        "x -= lr / (1 - beta1^t) * m / (sqrt(v) / sqrt(1 - beta2^t) + eps), with t = 1 at the first step"
    ),
    "AdamW": "x -= lr * weight_decay * x, then the step of Adam",
    "RMSprop": (
        "s = alpha * s + (1 - alpha) * g^2; m = alpha * m + (1 - alpha) * g; "
        "d = g / (sqrt(s) + eps), or g / (sqrt(s - m^2) + eps) if centered; "
        "x -= lr * d, or with momentum x -= lr * v with v = momentum * v + d"
    ),
    "Adagrad": "s = s + g^2; x -= lr * g / (sqrt(s) + eps)",
}
OPTIM_LAYOUT_COMMON = (
    "; x is two parameters, x[0] of shape [] and x[1:] of shape [3, 1]; config.weight_decay holds one rate for each "
    "of them (added to the gradient as weight_decay * x, except in AdamW); config.clip, where it is not 0, bounds the "
    "joint norm of the gradient of both (before any decay); row k of outputs.x, of outputs.loss and of the averages is "
    "after config.steps[k] steps"
)


def optimiser(case, name, clip=0.0, weight_decay=(0.0, 0.0), averages=None, schedule=None, **options):
    """100 steps on OPTIM_LOSS, x a vector of 4 that is kept as two parameters.

    averages: None, or {"decay": of the exponential average, "from": first step, counted from 0, of the plain mean}.
    schedule: None, or what lr and momentum are at each of the steps, as lists.
    """
    matrix = np.array([[1.5, 0.4, -0.3, 0.2], [0.4, 0.9, 0.1, -0.2], [-0.3, 0.1, 2.0, 0.5], [0.2, -0.2, 0.5, 0.6]])
    assert np.linalg.eigvalsh(matrix).min() > 0.2
    b = np.array([0.4, -1.3, 2.2, 0.9])
    w = np.array([0.8, -0.5, 0.3, 1.1])
    x_0 = np.array([-1.7, 2.5, 0.6, -2.9])
    matrix_t, b_t, w_t = (torch.tensor(value) for value in (matrix, b, w))
    parameters = [leaf(x_0[0]), leaf(x_0[1:].reshape(3, 1))]
    groups = [{"params": [p], "weight_decay": rate} for p, rate in zip(parameters, weight_decay, strict=True)]
    stepper = getattr(torch.optim, name)(groups, foreach=False, **options)

    def vector():
        return torch.cat([p.reshape(-1) for p in parameters])

    def function():
        x = vector()
        return 0.5 * (x - b_t) @ matrix_t @ (x - b_t) + torch.cos(w_t @ x)

    models = {}
    if averages:
        module = torch.nn.ParameterList([torch.nn.Parameter(p.detach()) for p in parameters])
        exponential = get_ema_multi_avg_fn(averages["decay"])
        models["exponential"] = AveragedModel(module, multi_avg_fn=exponential)
        models["plain"] = AveragedModel(module)

    loss_0 = first_gradient = first_x = None
    xs, losses, rows = [], [], {kind: [] for kind in models}
    for step in range(1, max(OPTIM_STEPS) + 1):
        for group in stepper.param_groups:
            group.update({key: values[step - 1] for key, values in (schedule or {}).items()})
        stepper.zero_grad()
        loss = function()
        loss.backward()
        if step == 1:
            loss_0, first_gradient = loss.item(), torch.cat([p.grad.reshape(-1) for p in parameters])
        if clip:
            norm = torch.linalg.vector_norm(torch.cat([p.grad.reshape(-1) for p in parameters]))
            if norm > clip:
                for p in parameters:
                    p.grad.mul_(clip / norm)
        stepper.step()
        if step == 1:
            first_x = vector().detach().clone()
        for kind, model in models.items():
            for mine, theirs in zip(module, parameters, strict=True):
                mine.data.copy_(theirs.detach())
            if kind == "exponential" or step > averages["from"]:
                model.update_parameters(module)
        if step in OPTIM_STEPS:
            xs.append(vector().detach().clone())
            losses.append(function().item())
            for kind, model in models.items():
                rows[kind].append(torch.cat([p.detach().reshape(-1) for p in model.module]))
    layout = OPTIM_LAYOUT[name] + OPTIM_LAYOUT_COMMON
    if schedule:
        layout += "; step k has config.schedule.lr[k - 1] and config.schedule.momentum[k - 1] in place of the constant ones"
    if averages:
        layout += (
            "; outputs.exponential is x_1 after the first step, then decay * average + (1 - decay) * x; "
            "outputs.plain is the mean of x after steps from + 1, from + 2, ... and x_0 before"
        )
    return {
        "case": case,
        "config": {
            "torch": TORCH_VERSION,
            "optimiser": name,
            **{key: list(v) if isinstance(v, tuple) else v for key, v in options.items()},
            "clip": clip,
            "weight_decay": list(weight_decay),
            **({"averages": averages} if averages else {}),
            **({"schedule": schedule} if schedule else {}),
            "loss": OPTIM_LOSS,
            "steps": OPTIM_STEPS,
        },
        "layout": layout,
        "weights": {},
        "inputs": {"A": array(matrix), "b": array(b), "w": array(w), "x_0": array(x_0)},
        "cotangents": {},
        "outputs": {
            "loss_0": loss_0,
            "x": array(torch.stack(xs)),
            "loss": array(losses),
            **({"x_1": array(first_x)} if averages else {}),
            **{kind: array(torch.stack(row)) for kind, row in rows.items()},
        },
        "gradients": {"x_0": array(first_gradient)},
    }


def plateau():
    """The learning rate that torch's scheduler gives after each of 60 validations."""
    seed = 303
    options = dict(factor=0.5, patience=2, threshold=0.02, threshold_mode="abs", min_lr=0.004, eps=0.0)
    rng = np.random.RandomState(seed)
    losses = 0.5 + 1.5 * 0.9 ** np.arange(60) + uniform(rng, (60,), 0.05)
    rate = 0.1
    stepper = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=rate)
    scheduler = torch.optim.lr_scheduler.ReduceLROnPlateau(stepper, **options)
    rates = []
    for loss in losses.tolist():
        scheduler.step(loss)
        rates.append(stepper.param_groups[0]["lr"])
    assert len(set(rates)) >= 5 and rates[-1] == options["min_lr"]
    return {
        "case": "schedule_plateau",
        "config": {"torch": TORCH_VERSION, "seed": seed, "lr": rate, **options},
        "layout": "outputs.lr[k] is the learning rate after validations 0 to k; patience counts the validations "
        "without improvement that change nothing yet",
        "weights": {},
        "inputs": {"validations": array(losses)},
        "cotangents": {},
        "outputs": {"lr": array(rates)},
        "gradients": {},
    }


# ---------------------------------------------------------------- attention

ATTENTION_LAYOUT = {
    "before": (
        "attention before the cell: scores of members m are v . tanh(query h + key source_m), weights = softmax over the "
        "sequence's own members, context = sum of weights * source; h' = cell([x, context], h); output = [h', context]"
    ),
    "after": (
        "attention after the cell, with input feeding: h', c' = cell([x, o], (h, c)) with o zero before the first step; scores "
        "are h' . (key source_m); context as a weighted sum; o' = tanh(combine [context, h']); output = o'"
    ),
}
ATTENTION_LAYOUT_COMMON = (
    "; weights of maps are [out, in], without biases; x and output are [length, features] per sequence, source is [members, "
    "features] per sequence; h_0, h_n (c_0, c_n) are [1, hidden] per sequence; the gates of the cell are those of "
)


def attention(case, seed, attends, lengths, sizes):
    """A decoder that attends to sources of different lengths: a loop over padded steps and padded sources, with masks."""
    input_size, hidden, features, units = 3, 4, 5, 6
    mode = {"before": "GRU", "after": "LSTM"}[attends]
    rng = np.random.RandomState(seed)
    batch, steps, members = len(lengths), max(lengths), max(sizes)
    if attends == "before":
        cell = torch.nn.GRUCell(input_size + features, hidden)
        maps = {"query": (units, hidden), "key": (units, features), "v": (1, units)}
        width = hidden + features
    else:
        cell = torch.nn.LSTMCell(input_size + hidden, hidden)
        maps = {"key": (hidden, features), "combine": (hidden, features + hidden)}
        width = hidden
    weights = {f"{name}_l0": leaf(uniform(rng, tuple(p.shape), 0.8)) for name, p in cell.named_parameters()}
    weights.update({name: leaf(uniform(rng, shape, 0.8)) for name, shape in maps.items()})
    x = [leaf(uniform(rng, (length, input_size), 1.5)) for length in lengths]
    source = [leaf(uniform(rng, (size, features), 1.5)) for size in sizes]
    h_0 = [leaf(uniform(rng, (1, hidden))) for _ in range(batch)]
    c_0 = [leaf(uniform(rng, (1, hidden))) for _ in range(batch)] if mode == "LSTM" else None
    w_out = [uniform(rng, (length, width)) for length in lengths]
    w_h = [uniform(rng, (1, hidden)) for _ in range(batch)]
    w_c = [uniform(rng, (1, hidden)) for _ in range(batch)] if mode == "LSTM" else None

    def run_cell(*state):
        own = {name: weights[f"{name}_l0"] for name, _ in cell.named_parameters()}
        return torch.func.functional_call(cell, own, state)

    padded_x, padded_source = pad_sequence(x), pad_sequence(source, batch_first=True)
    absent = torch.arange(members)[None, :] >= torch.tensor(sizes)[:, None]

    def read(scores):
        share = torch.softmax(scores.masked_fill(absent, -torch.inf), dim=1)
        return (share[:, :, None] * padded_source).sum(dim=1)

    h, c = torch.cat(h_0), torch.cat(c_0) if c_0 else None
    o = torch.zeros(batch, hidden)
    keys = padded_source @ weights["key"].T
    rows = []
    for t in range(steps):
        running = (t < torch.tensor(lengths))[:, None]
        if attends == "before":
            scores = torch.tanh((h @ weights["query"].T)[:, None, :] + keys) @ weights["v"][0]
            context = read(scores)
            new_h = run_cell(torch.cat([padded_x[t], context], dim=1), h)
            rows.append(torch.cat([new_h, context], dim=1))
        else:
            new_h, new_c = run_cell(torch.cat([padded_x[t], o], dim=1), (h, c))
            context = read((new_h[:, None, :] * keys).sum(dim=2))
            o = torch.tanh(torch.cat([context, new_h], dim=1) @ weights["combine"].T)
            c = torch.where(running, new_c, c)
            rows.append(o)
        h = torch.where(running, new_h, h)
    stacked = torch.stack(rows)
    output = [stacked[:length, b] for b, length in enumerate(lengths)]
    h_n = list(h.split(1))
    c_n = list(c.split(1)) if mode == "LSTM" else None

    def dot(values, cotangents):
        return sum((v * torch.tensor(w)).sum() for v, w in zip(values, cotangents, strict=True))

    loss = dot(output, w_out) + dot(h_n, w_h) + (dot(c_n, w_c) if c_n else 0.0)
    loss.backward()

    def grads(leaves):
        return ragged([t.grad for t in leaves])

    record = {
        "case": case,
        "config": {
            "torch": TORCH_VERSION,
            "seed": seed,
            "attends": attends,
            "cell": mode,
            "input_size": input_size,
            "hidden_size": hidden,
            "source_size": features,
            "units": units,
            "lengths": list(lengths),
            "sizes": list(sizes),
        },
        "layout": ATTENTION_LAYOUT[attends] + ATTENTION_LAYOUT_COMMON + f"torch.nn.{mode}: {LAYOUT[mode]}",
        "weights": {name: array(p) for name, p in weights.items()},
        "inputs": {"x": ragged(x), "source": ragged(source), "h_0": ragged(h_0)},
        "cotangents": {"Wout": ragged(w_out), "Wh": ragged(w_h)},
        "outputs": {"loss": loss.item(), "output": ragged(output), "h_n": ragged(h_n)},
        "gradients": {"x": grads(x), "source": grads(source), "h_0": grads(h_0)},
    }
    if c_0:
        record["inputs"]["c_0"] = ragged(c_0)
        record["cotangents"]["Wc"] = ragged(w_c)
        record["outputs"]["c_n"] = ragged(c_n)
        record["gradients"]["c_0"] = grads(c_0)
    record["gradients"].update({name: array(p.grad) for name, p in weights.items()})
    return record


# ---------------------------------------------------------------- cross entropy and layer norm


def memory_network(case, seed, tying, softmax):
    rng = np.random.RandomState(seed)
    vocabulary, width, hops, times = 7, 4, 3, 4
    words = [[[3, 1, 4], [1, 5]], [[6, 2]], [], [[0, 3, 2, 6], [5], [3, 3, 4]]]  # per question, per sentence
    ages = [[2, 0], [0], [], [3, 1, 0]]
    questions, answers = [[1, 5], [2], [4, 4, 0], [6, 1]], [2, 0, 6, 3]
    tables = hops + 1 if tying == "adjacent" else 2
    names = {f"E{i}": (vocabulary, width) for i in range(tables)}
    names |= {f"T{i}": (times, width) for i in range(tables)}
    if tying == "layerWise":
        names |= {"H": (width, width), "B": (vocabulary, width), "W": (width, vocabulary)}
    weights = {name: uniform(rng, shape) for name, shape in names.items()}
    t = {name: leaf(value) for name, value in weights.items()}

    def encode(table, sentence):
        J, j, k = len(sentence), np.arange(1, len(sentence) + 1)[:, None], np.arange(1, width + 1)[None, :]
        places = torch.tensor((1 - j / J) - (k / width) * (1 - 2 * j / J))
        return (places * table[sentence]).sum(0)

    logits, shown = [], []
    for sentences, told, question in zip(words, ages, questions):
        u = encode(t["E0" if tying == "adjacent" else "B"], question)
        all_weights = []
        for hop in range(hops):
            a, c = (hop, hop + 1) if tying == "adjacent" else (0, 1)
            if sentences:
                m = torch.stack([encode(t[f"E{a}"], s) for s in sentences]) + t[f"T{a}"][told]
                v = torch.stack([encode(t[f"E{c}"], s) for s in sentences]) + t[f"T{c}"][told]
                w = torch.softmax(m @ u, 0) if softmax else m @ u
                o = w @ v
            else:
                w, o = torch.zeros(0), torch.zeros(width)
            u = u + o if tying == "adjacent" else u @ t["H"] + o
            all_weights.append(w)
        shown.append(torch.stack(all_weights, 1))
        logits.append(u @ (t[f"E{hops}"].T if tying == "adjacent" else t["W"]))
    logits = torch.stack(logits)
    loss = torch.nn.functional.cross_entropy(logits, torch.tensor(answers))
    loss.backward()
    return {
        "case": case,
        "config": {
            "torch": TORCH_VERSION,
            "seed": seed,
            "tying": tying,
            "softmax": softmax,
            "vocabulary": vocabulary,
            "width": width,
            "hops": hops,
            "times": times,
            "sentences": words,
            "ages": ages,
            "questions": questions,
            "answers": answers,
        },
        "layout": "E and B are [vocabulary, width], T [times, width], W [width, vocabulary]; weights of the sentences are "
        "[sentences, hops] per question; loss is the mean cross-entropy",
        "weights": {name: array(value) for name, value in weights.items()},
        "inputs": {},
        "cotangents": {},
        "outputs": {"loss": loss.item(), "logits": array(logits), "weights": ragged(shown)},
        "gradients": {name: array(value.grad) for name, value in t.items()},
    }


def cross_entropy():
    seed = 301
    rng = np.random.RandomState(seed)
    logits = uniform(rng, (6, 5), 3.0)
    targets = np.array([2, 0, 4, 1, 3, 2])
    values, gradients = {}, {}
    for reduction in ("mean", "sum"):
        t = leaf(logits)
        loss = torch.nn.functional.cross_entropy(t, torch.tensor(targets), reduction=reduction)
        loss.backward()
        values[reduction] = loss.item()
        gradients[f"logits_{reduction}"] = array(t.grad)
    rows = torch.nn.functional.cross_entropy(torch.tensor(logits), torch.tensor(targets), reduction="none")
    return {
        "case": "cross_entropy",
        "config": {
            "torch": TORCH_VERSION,
            "seed": seed,
            "rows": 6,
            "classes": 5,
            "reductions": ["mean", "sum"],
        },
        "layout": "logits are [rows, classes], before softmax; targets are class indices; logs are natural; "
        "per_row is the loss of each row; the gradients are those of outputs.mean and outputs.sum",
        "weights": {},
        "inputs": {"logits": array(logits), "targets": array(targets)},
        "cotangents": {},
        "outputs": {**values, "per_row": array(rows)},
        "gradients": gradients,
    }


def gaussian_loss():
    seed = 303
    rng = np.random.RandomState(seed)
    mean, log_variance, targets = (uniform(rng, (5, 3), 2.0) for _ in range(3))
    m, v, y = leaf(mean), leaf(log_variance), leaf(targets)
    rows = torch.nn.functional.gaussian_nll_loss(m, y, v.exp(), full=True, eps=0.0, reduction="none").sum(-1)
    rows.sum().backward()
    return {
        "case": "gaussian_loss",
        "config": {"torch": TORCH_VERSION, "seed": seed, "rows": 5, "features": 3},
        "layout": "mean, log_variance and targets are [rows, features]; per_row sums over features, with the "
        "constant ln(2 pi) / 2; the gradients are those of the sum over rows",
        "weights": {},
        "inputs": {"mean": array(mean), "log_variance": array(log_variance), "targets": array(targets)},
        "cotangents": {},
        "outputs": {"per_row": array(rows)},
        "gradients": {"mean": array(m.grad), "log_variance": array(v.grad), "targets": array(y.grad)},
    }


def mixture_loss(case, seed, features, correlated=False):
    rows, components = 6, 4
    rng = np.random.RandomState(seed)
    values = {
        "logits": uniform(rng, (rows, components), 2.0),
        "means": uniform(rng, (rows, components, features), 2.0),
        "log_scales": uniform(rng, (rows, components, features), 1.0),
        "targets": uniform(rng, (rows, features), 2.0),
    }
    if correlated:
        values["artanh_correlations"] = uniform(rng, (rows, components), 2.0)
    t = {name: leaf(value) for name, value in values.items()}
    scales = t["log_scales"].exp()
    if correlated:
        rho = torch.tanh(t["artanh_correlations"])
        s1, s2 = scales[..., 0], scales[..., 1]
        covariance = torch.stack([s1 * s1, rho * s1 * s2, rho * s1 * s2, s2 * s2], -1).reshape(rows, components, 2, 2)
        parts = torch.distributions.MultivariateNormal(t["means"], covariance_matrix=covariance)
    else:
        parts = torch.distributions.Independent(torch.distributions.Normal(t["means"], scales), 1)
    weights = torch.distributions.Categorical(logits=t["logits"])
    per_row = -torch.distributions.MixtureSameFamily(weights, parts).log_prob(t["targets"])
    per_row.sum().backward()
    return {
        "case": case,
        "config": {
            "torch": TORCH_VERSION,
            "seed": seed,
            "rows": rows,
            "components": components,
            "features": features,
            "correlated": correlated,
        },
        "layout": "logits [rows, components] before softmax, means and log_scales [rows, components, features]; "
        "a correlation is tanh of artanh_correlations; the gradients are those of the sum over rows",
        "weights": {},
        "inputs": {name: array(value) for name, value in values.items()},
        "cotangents": {},
        "outputs": {"per_row": array(per_row)},
        "gradients": {name: array(value.grad) for name, value in t.items()},
    }


def ctc_loss():
    """Labels with repeats, none at all, as many as fit and more than fit; a sequence without frames."""
    seed, classes, blank = 303, 5, 2
    lengths = [7, 5, 6, 3, 3, 0, 9, 1]
    labels = [[1, 3, 3, 0], [4, 4, 4], [], [1, 1], [0, 0, 3], [], [0, 1, 0, 1, 1], [3]]
    rng = np.random.RandomState(seed)
    logits = [uniform(rng, (n, classes), 3.0) for n in lengths]
    leaves = [leaf(o) for o in logits]
    padded = pad_sequence([o.log_softmax(-1) for o in leaves])

    def losses(reduction, zero_infinity):
        return torch.nn.functional.ctc_loss(
            padded,
            torch.tensor([l for sequence in labels for l in sequence]),
            torch.tensor(lengths),
            torch.tensor([len(sequence) for sequence in labels]),
            blank=blank,
            reduction=reduction,
            zero_infinity=zero_infinity,
        )

    losses("sum", True).backward()
    per_sequence = losses("none", True).detach() + 0.0  # no -0.0
    impossible = torch.isinf(losses("none", False)).nonzero().flatten().tolist()
    return {
        "case": "ctc_loss",
        "config": {
            "torch": TORCH_VERSION,
            "seed": seed,
            "classes": classes,
            "blank": blank,
            "lengths": lengths,
            "labels": labels,
            "impossible": impossible,
        },
        "layout": "logits are [frames, classes] per sequence, before log_softmax; per_sequence are the losses with "
        "zero_infinity, which those named impossible have as infinity without it; the gradients are those of their sum",
        "weights": {},
        "inputs": {"logits": ragged(logits)},
        "cotangents": {},
        "outputs": {"per_sequence": array(per_sequence)},
        "gradients": {"logits": ragged([o.grad for o in leaves])},
    }


def layer_norm():
    seed, eps = 302, 1e-5
    rng = np.random.RandomState(seed)
    x = leaf(uniform(rng, (4, 6), 2.0) + 0.3)
    weight = leaf(1.0 + uniform(rng, (6,), 0.7))
    bias = leaf(uniform(rng, (6,)))
    w_out = uniform(rng, (4, 6))
    output = torch.nn.functional.layer_norm(x, (6,), weight, bias, eps)
    loss = (output * torch.tensor(w_out)).sum()
    loss.backward()
    return {
        "case": "layer_norm",
        "config": {"torch": TORCH_VERSION, "seed": seed, "normalized_shape": [6], "eps": eps},
        "layout": "normalised over the last axis with the biased variance; eps inside the square root",
        "weights": {"weight": array(weight), "bias": array(bias)},
        "inputs": {"x": array(x)},
        "cotangents": {"Wout": array(w_out)},
        "outputs": {"loss": loss.item(), "output": array(output)},
        "gradients": {"x": array(x.grad), "weight": array(weight.grad), "bias": array(bias.grad)},
    }


# ---------------------------------------------------------------- convolutions


def convolution(case, seed, lengths, width, dilation=1, ahead=0, norm=None, block=False):
    """One-dimensional convolution of each sequence alone, or a residual block of Bai et al. (2018) with two of them."""
    inputs, outputs = 3, 4
    rng = np.random.RandomState(seed)
    xs = [leaf(uniform(rng, (n, inputs))) for n in lengths]
    w_out = [uniform(rng, (n, outputs)) for n in lengths]
    layers = [torch.nn.Conv1d(inputs, outputs, width, dilation=dilation)]
    if block:
        layers += [torch.nn.Conv1d(outputs, outputs, width, dilation=dilation), torch.nn.Conv1d(inputs, outputs, 1)]
    for n, layer in enumerate(layers):
        with torch.no_grad():
            for parameter in layer.parameters():
                parameter.copy_(torch.tensor(uniform(rng, tuple(parameter.shape))))
        if norm == "weight" and n < 2:
            torch.nn.utils.parametrizations.weight_norm(layer)
            # A length that is not that of the direction.
            with torch.no_grad():
                layer.parametrizations.weight.original0.mul_(torch.tensor(1 + uniform(rng, (outputs, 1, 1), 0.5)))
    norms = [torch.nn.LayerNorm(outputs) for _ in range(2)] if norm == "layer" else []
    for layer in norms:
        with torch.no_grad():
            for parameter in layer.parameters():
                parameter.add_(torch.tensor(uniform(rng, (outputs,), 0.5)))
    behind, after = dilation * (width - 1 - ahead), dilation * ahead

    def convolved(layer, x):
        return layer(torch.nn.functional.pad(x, (behind, after)))

    def applied(sequence):
        x = sequence.T[None]
        if not block:
            return convolved(layers[0], x)[0].T
        h = x
        for n in range(2):
            h = convolved(layers[n], h)
            h = torch.relu(norms[n](h.transpose(1, 2)).transpose(1, 2) if norms else h)
        return torch.relu(h + layers[2](x))[0].T

    ys = [applied(x) for x in xs]
    loss = sum((y * torch.tensor(w)).sum() for y, w in zip(ys, w_out))
    loss.backward()
    named = {
        f"{n}.{name}": parameter
        for n, layer in enumerate([*layers, *norms])
        for name, parameter in layer.named_parameters()
    }
    return {
        "case": case,
        "config": {
            "torch": TORCH_VERSION,
            "seed": seed,
            "lengths": list(lengths),
            "width": width,
            "dilation": dilation,
            "ahead": ahead,
            "norm": norm or "none",
            "block": block,
        },
        "layout": (
            "weight is [output, input, width], the earliest input first; with weight normalisation original0 is the length "
            "[output, 1, 1] and original1 the direction; 0 and 1 are the convolutions of a block, 2 the way past them, 3 "
            "and 4 its layer norms"
        ),
        "weights": {name: array(value) for name, value in named.items()},
        "inputs": {"x": ragged(xs)},
        "cotangents": {"Wout": ragged(w_out)},
        "outputs": {"loss": loss.item(), "output": ragged(ys)},
        "gradients": {"x": ragged(x.grad for x in xs), **{name: array(value.grad) for name, value in named.items()}},
    }


# ---------------------------------------------------------------- operations


def operations():
    """Functions y of operands, the gradients of sum(W y y), and the products of its Hessian with directions."""
    seed = 303
    rng = np.random.RandomState(seed)
    matrix, stack = uniform(rng, (2, 5)), uniform(rng, (2, 3, 3))
    matrix[0, 2] = 0.0  # a zero in the middle of a product
    positive = stack @ stack.transpose(0, 2, 1) + np.eye(3)
    steady = stack + 3 * np.eye(3)
    solve = torch.linalg.solve_triangular
    functions = {
        "cumprod": (lambda x: torch.cumprod(x, 1), [matrix]),
        "cumprod_0": (lambda x: torch.cumprod(x, 0), [matrix]),
        "sort": (lambda x: torch.sort(x, dim=1, stable=True).values, [matrix]),
        "topk": (lambda x: torch.topk(x, 3, 1).values, [matrix]),
        # No exponent is 0: there PyTorch's mixed second derivative is 0 instead of 1 / base.
        "pow": (torch.pow, [np.array([0.3, 1.5, 2.0, 1.0]), np.array([2.0, -0.5, 0.7, 3.0])]),
        "clamp": (lambda x: torch.clamp(x, -0.5, 0.5), [np.array([-1.0, -0.5, 0.1, 0.5, 2.0])]),
        "roll": (lambda x: torch.roll(x, -2, 1), [matrix]),
        "matmul_vector": (torch.matmul, [stack, uniform(rng, (3,))]),
        "matmul_leading": (torch.matmul, [uniform(rng, (2, 1, 2, 3)), stack]),
        "cholesky": (lambda x: torch.linalg.cholesky((x + x.mT) / 2), [positive]),
        "solve_lower": (lambda a, b: solve(a, b, upper=False), [steady, uniform(rng, (2, 3, 2))]),
        "solve_upper_transposed": (
            lambda a, b: solve(a.mT, b, upper=False),
            [steady, uniform(rng, (2, 3, 2))],
        ),
    }
    inputs, outputs, gradients, cotangents = {}, {}, {}, {}
    for name, (f, operands) in functions.items():
        shape = f(*[torch.tensor(x) for x in operands]).shape
        w = torch.tensor(uniform(rng, tuple(shape)))
        directions = [uniform(rng, x.shape) for x in operands]
        leaves = tuple(leaf(x) for x in operands)
        y = f(*leaves)
        grads = torch.autograd.grad((w * y * y).sum(), leaves, create_graph=True)
        inner = sum((g * torch.tensor(d)).sum() for g, d in zip(grads, directions))
        products = torch.autograd.grad(inner, leaves)
        inputs[name] = [array(x) for x in operands]
        outputs[name] = array(y)
        cotangents[name] = {"w": array(w), "directions": [array(d) for d in directions]}
        gradients[name] = {"first": [array(g) for g in grads], "second": [array(g) for g in products]}
    return {
        "case": "operations",
        "config": {"torch": TORCH_VERSION, "seed": seed},
        "layout": "for each function y of the inputs: first are the gradients of sum(w y y), second the products of its "
        "Hessian with the directions",
        "weights": {},
        "inputs": inputs,
        "cotangents": cotangents,
        "outputs": outputs,
        "gradients": gradients,
    }


def make_all():
    packed, unsorted = (5, 3, 1), (2, 5, 3)
    return [
        recurrent("rnn_tanh", 101, "RNN_TANH", packed),
        recurrent("rnn_relu", 215, "RNN_RELU", packed),
        recurrent("lstm", 103, "LSTM", packed),
        recurrent("gru", 104, "GRU", packed),
        recurrent("lstm_unsorted", 105, "LSTM", unsorted, enforce_sorted=False),
        recurrent("lstm_2layer", 106, "LSTM", packed, layers=2),
        recurrent("lstm_bidirectional", 107, "LSTM", packed, bidirectional=True),
        recurrent("lstm_projected", 109, "LSTM", packed, proj_size=2),
        recurrent("gru_2layer_bidirectional", 108, "GRU", packed, layers=2, bidirectional=True),
        recurrent("lstm_residual", 110, "LSTM", packed, layers=3, connections="residual"),
        recurrent("lstm_skip", 111, "LSTM", unsorted, enforce_sorted=False, layers=3, connections="skip"),
        attention("attention_before", 112, "before", (2, 4, 1), (3, 1, 4)),
        attention("attention_after", 113, "after", (3, 1, 4), (2, 5, 1)),
        memory_network("memory_network_adjacent", 114, "adjacent", True),
        memory_network("memory_network_linear", 115, "adjacent", False),
        memory_network("memory_network_layer_wise", 116, "layerWise", True),
        optimiser("optim_sgd", "SGD", lr=0.1, momentum=0.0, nesterov=False),
        optimiser("optim_sgd_clipped", "SGD", clip=0.7, lr=0.1, momentum=0.0, nesterov=False),
        optimiser("optim_sgd_decay", "SGD", weight_decay=(0.0, 0.3), lr=0.1, momentum=0.0, nesterov=False),
        optimiser("optim_momentum", "SGD", lr=0.05, momentum=0.9, nesterov=False),
        optimiser("optim_momentum_clipped", "SGD", clip=0.7, lr=0.05, momentum=0.9, nesterov=False),
        optimiser("optim_nesterov", "SGD", lr=0.05, momentum=0.9, nesterov=True),
        *[
            optimiser(
                f"optim_{name}_scheduled",
                "SGD",
                schedule={
                    "lr": [0.05 if step < 40 else 0.01 for step in range(max(OPTIM_STEPS))],
                    "momentum": [min(1 - 0.5 / (step // 5 + 1), 0.95) for step in range(max(OPTIM_STEPS))],
                },
                lr=0.05,
                momentum=0.5,
                nesterov=name == "nesterov",
            )
            for name in ("momentum", "nesterov")
        ],
        optimiser("optim_rmsprop", "RMSprop", lr=0.02, alpha=0.9, eps=1e-6, momentum=0.0, centered=False),
        optimiser("optim_rmsprop_centred", "RMSprop", lr=0.02, alpha=0.9, eps=1e-3, momentum=0.0, centered=True),
        optimiser("optim_rmsprop_momentum", "RMSprop", lr=0.01, alpha=0.95, eps=1e-6, momentum=0.8, centered=False),
        optimiser("optim_adagrad", "Adagrad", lr=0.5, initial_accumulator_value=0.1, eps=1e-10),
        optimiser("optim_adam", "Adam", lr=0.05, betas=(0.9, 0.999), eps=1e-8),
        optimiser("optim_adam_decay", "Adam", weight_decay=(0.2, 0.2), lr=0.05, betas=(0.9, 0.99), eps=1e-8),
        optimiser("optim_adamw", "AdamW", weight_decay=(0.2, 0.2), lr=0.05, betas=(0.9, 0.99), eps=1e-8),
        optimiser("optim_adamw_partly", "AdamW", weight_decay=(0.0, 0.4), lr=0.05, betas=(0.9, 0.99), eps=1e-8),
        optimiser(
            "optim_averages",
            "SGD",
            averages={"decay": 0.95, "from": 9},
            lr=0.05,
            momentum=0.9,
            nesterov=False,
        ),
        plateau(),
        cross_entropy(),
        gaussian_loss(),
        mixture_loss("mixture_loss_univariate", 304, 1),
        mixture_loss("mixture_loss_diagonal", 305, 3),
        mixture_loss("mixture_loss_correlated", 306, 2, correlated=True),
        ctc_loss(),
        layer_norm(),
        convolution("convolution", 310, (5, 1, 9), 3, dilation=2),
        convolution("convolution_ahead", 311, (2, 6), 4, ahead=1),
        convolution("convolution_weight_norm", 312, (4, 7), 2, dilation=3, norm="weight"),
        convolution("tcn_block_weight_norm", 313, (8, 3), 3, dilation=2, norm="weight", block=True),
        convolution("tcn_block_layer_norm", 314, (3, 8), 2, norm="layer", block=True),
        operations(),
    ]


# ---------------------------------------------------------------- independent check in numpy


def to_numpy(tree):
    """The stored form back as numpy arrays: {"shape", "data"} -> array, list of them -> list of arrays."""
    if isinstance(tree, list):
        return [to_numpy(t) for t in tree]
    if isinstance(tree, dict) and set(tree) == {"shape", "data"}:
        return np.array(tree["data"], dtype=np.float64).reshape(tree["shape"])
    return {key: to_numpy(t) for key, t in tree.items()}


def sigmoid(v):
    return 1.0 / (1.0 + np.exp(-v))


def numpy_step(mode, x, h, c, w_ih, w_hh, b_ih, b_hh, w_hr, margins):
    """One time step of one sequence, by the formulas in LAYOUT."""
    gates = GATES[mode]
    a, b = w_ih @ x + b_ih, w_hh @ h + b_hh
    if mode == "RNN_TANH":
        return np.tanh(a + b), c
    if mode == "RNN_RELU":
        margins.extend(a + b)
        return np.maximum(a + b, 0.0), c
    if mode == "LSTM":
        i, f, g, o = np.split(a + b, gates)
        c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
        h = sigmoid(o) * np.tanh(c)
        return (h if w_hr is None else w_hr @ h), c
    (ar, az, an), (br, bz, bn) = np.split(a, gates), np.split(b, gates)
    r, z = sigmoid(ar + br), sigmoid(az + bz)
    return (1.0 - z) * np.tanh(an + r * bn) + z * h, c


def numpy_forward(config, weights, inputs, margins):
    """Each sequence on its own, with no padding and no batching."""
    directions = 2 if config["bidirectional"] else 1
    connections = config.get("connections")
    output, h_n, c_n = [], [], []
    for b, first in enumerate(inputs["x"]):
        x, all_layers = first, []
        final_h, final_c = [], []
        for layer in range(config["num_layers"]):
            if connections == "skip" and layer > 0:
                x = np.concatenate([x, first], axis=1)
            sides = []
            for direction in range(directions):
                suffix = f"_l{layer}" + ("_reverse" if direction else "")
                p = [weights[k + suffix] for k in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")]
                p.append(weights.get("weight_hr" + suffix))
                row = layer * directions + direction
                h = inputs["h_0"][b][row]
                c = inputs["c_0"][b][row] if "c_0" in inputs else None
                side = np.zeros((len(x), len(h)))
                for t in reversed(range(len(x))) if direction else range(len(x)):
                    h, c = numpy_step(config["mode"], x[t], h, c, *p, margins)
                    side[t] = h
                sides.append(side)
                final_h.append(h)
                final_c.append(c)
            y = np.concatenate(sides, axis=1)
            x = x + y if connections == "residual" and x.shape == y.shape else y
            all_layers.append(x)
        output.append(np.concatenate(all_layers, axis=1) if connections == "skip" else x)
        h_n.append(np.array(final_h))
        c_n.append(np.array(final_c))
    return {"output": output, "h_n": h_n, "c_n": c_n}


def numpy_attention(config, weights, inputs, margins):
    """Each sequence on its own, with its own source and nothing padded."""
    output, h_n, c_n = [], [], []
    p = [weights[f"{k}_l0"] for k in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")]
    for b, (x, source) in enumerate(zip(inputs["x"], inputs["source"], strict=True)):
        h, c = inputs["h_0"][b][0], inputs["c_0"][b][0] if "c_0" in inputs else None
        o, rows = np.zeros(config["hidden_size"]), []

        def read(scores):
            share = np.exp(scores - scores.max())
            return (share / share.sum()) @ source

        for row in x:
            if config["attends"] == "before":
                hidden = np.tanh(weights["query"] @ h + source @ weights["key"].T)
                context = read(hidden @ weights["v"][0])
                h, _ = numpy_step("GRU", np.concatenate([row, context]), h, None, *p, None, margins)
                rows.append(np.concatenate([h, context]))
            else:
                h, c = numpy_step("LSTM", np.concatenate([row, o]), h, c, *p, None, margins)
                context = read(source @ weights["key"].T @ h)
                o = np.tanh(weights["combine"] @ np.concatenate([context, h]))
                rows.append(o)
        output.append(np.array(rows))
        h_n.append(h[None])
        c_n.append(None if c is None else c[None])
    return {"output": output, "h_n": h_n, "c_n": c_n}


def verify_recurrent(record):
    """Raise if plain numpy disagrees; return the largest errors of outputs and gradients."""
    config = record["config"]
    weights, inputs = to_numpy(record["weights"]), to_numpy(record["inputs"])
    cotangents, gradients = to_numpy(record["cotangents"]), to_numpy(record["gradients"])
    pairs = [("output", "Wout"), ("h_n", "Wh")] + ([("c_n", "Wc")] if "c_0" in inputs else [])
    margins = []
    forward = numpy_attention if "attends" in config else numpy_forward

    def loss():
        out = forward(config, weights, inputs, margins)
        return sum(
            (v * w).sum() for name, key in pairs for v, w in zip(out[name], cotangents[key], strict=True)
        )

    out = forward(config, weights, inputs, margins)
    if margins:
        # Central differences and float32 both need the ReLU's inputs clear of its corner.
        assert min(abs(m) for m in margins) > 1e-2, f"{record['case']}: a ReLU input is too close to 0"
        assert 0.2 < np.mean(np.array(margins) > 0) < 0.8, f"{record['case']}: the ReLU is too one-sided"
    output_error = abs(loss() - record["outputs"]["loss"])
    for name, _ in pairs:
        for mine, theirs in zip(out[name], to_numpy(record["outputs"][name]), strict=True):
            assert mine.shape == theirs.shape
            output_error = max(output_error, np.abs(mine - theirs).max())
    assert output_error < 1e-12, f"{record['case']}: numpy's outputs differ by {output_error}"

    gradient_error, delta = 0.0, 1e-5
    leaves = [(weights[name], gradients[name]) for name in weights]
    for name in inputs:
        leaves.extend(zip(inputs[name], gradients[name], strict=True))
    for value, gradient in leaves:
        assert value.shape == gradient.shape
        for index in np.ndindex(value.shape):
            kept = value[index]
            value[index] = kept + delta
            above = loss()
            value[index] = kept - delta
            below = loss()
            value[index] = kept
            gradient_error = max(gradient_error, abs((above - below) / (2 * delta) - gradient[index]))
    assert gradient_error < 1e-8, f"{record['case']}: numpy's gradients differ by {gradient_error}"
    return output_error, gradient_error


# ---------------------------------------------------------------- writing and checking


def one_line(value):
    if isinstance(value, dict):
        parts = [f"{json.dumps(k)}: {one_line(v)}" for k, v in value.items()]
        return "{ " + ", ".join(parts) + " }" if parts else "{}"
    if isinstance(value, list):
        return "[" + ", ".join(one_line(v) for v in value) + "]"
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError("a value is not finite")
    text = json.dumps(value)  # which is repr for a float
    return re.sub(r"e([+-])0+", r"e\1", text) if isinstance(value, float) else text


def render(value, indent=0, column=0):
    """JSON text laid out as the repository's formatter does: lists of numbers fill each line."""
    pad = " " * (indent + 2)
    if isinstance(value, dict) and value:
        parts = []
        for key, v in value.items():
            head = f"{json.dumps(key)}: "
            parts.append(pad + head + render(v, indent + 2, indent + 2 + len(head)))
        return "{\n" + ",\n".join(parts) + "\n" + " " * indent + "}"
    if isinstance(value, list) and value:
        nested = any(isinstance(v, (dict, list)) for v in value)
        text = one_line(value)
        if not nested and column + len(text) + 1 <= LINE_WIDTH:
            return text
        if nested or isinstance(value[0], str):
            parts = [pad + render(v, indent + 2, indent + 2) for v in value]
            return "[\n" + ",\n".join(parts) + "\n" + " " * indent + "]"
        lines, current = [], ""
        for k, v in enumerate(value):
            token = one_line(v) + ("," if k + 1 < len(value) else "")
            if current and len(pad) + len(current) + 1 + len(token) > LINE_WIDTH:
                lines.append(pad + current)
                current = token
            else:
                current = f"{current} {token}" if current else token
        lines.append(pad + current)
        return "[\n" + "\n".join(lines) + "\n" + " " * indent + "]"
    return one_line(value)


def differences(stored, fresh, path=""):
    """Where two JSON values differ, as text; numbers may differ by CHECK_TOLERANCE."""
    if isinstance(stored, dict) and isinstance(fresh, dict):
        for key in sorted(set(stored) ^ set(fresh)):
            yield f"{path}.{key}: only in the {'stored' if key in stored else 'recomputed'} values"
        for key in stored:
            if key in fresh:
                yield from differences(stored[key], fresh[key], f"{path}.{key}")
    elif isinstance(stored, list) and isinstance(fresh, list):
        if len(stored) != len(fresh):
            yield f"{path}: length {len(stored)} stored, {len(fresh)} recomputed"
        for k, (s, f) in enumerate(zip(stored, fresh)):
            yield from differences(s, f, f"{path}[{k}]")
    elif type(stored) is float and type(fresh) is float:
        if not abs(stored - fresh) <= CHECK_TOLERANCE * (1.0 + abs(stored)):
            yield f"{path}: {stored!r} stored, {fresh!r} recomputed"
    elif type(stored) is not type(fresh) or stored != fresh:
        yield f"{path}: {stored!r} stored, {fresh!r} recomputed"


def main():
    parser = argparse.ArgumentParser(description="Write the golden values, or compare them with new ones.")
    parser.add_argument("--check", action="store_true", help="recompute and compare; write nothing")
    check = parser.parse_args().check
    if torch.__version__.split("+")[0] != TORCH_VERSION:
        message = f"the golden values are made with torch {TORCH_VERSION}, and this is {torch.__version__}"
        if not check:
            sys.exit(f"error: {message}")
        print(f"note: {message}")

    records = make_all()
    for record in records:
        if "mode" in record["config"] or "attends" in record["config"]:
            errors = verify_recurrent(record)
            print(f"numpy agrees on {record['case']}: outputs {errors[0]:.1e}, gradients {errors[1]:.1e}")

    if not check:
        for record in records:
            text = render(record) + "\n"
            assert json.loads(text) == record
            (HERE / f"{record['case']}.json").write_text(text, encoding="utf-8", newline="\n")
        print(f"wrote {len(records)} files")
        return

    problems = []
    for record in records:
        name = f"{record['case']}.json"
        try:
            stored = json.loads((HERE / name).read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            problems.append(f"{name}: {error}")
            continue
        problems.extend(f"{name}: {line}" for line in differences(stored, record))
    expected = {f"{record['case']}.json" for record in records}
    stale = sorted(path.name for path in HERE.glob("*.json") if path.name not in expected)
    problems.extend(f"{name}: no case of this name" for name in stale)
    for line in problems[:50]:
        print(line)
    if problems:
        sys.exit(f"{len(problems)} differences")
    print(f"{len(records)} files agree with the recomputed values")


if __name__ == "__main__":
    main()
