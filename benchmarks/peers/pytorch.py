"""PyTorch as a peer. Reads one command per line (JSON), answers each with one line; numbers travel in files.

Every layer is the fastest documented one: nn.LSTM, nn.GRU and nn.RNN, inference under torch.inference_mode(); the cell
that PyTorch does not have is a loop over steps with the input's projection hoisted out of it and the steps unbound.
"""

import json
import sys
import time

import numpy as np
import torch

# Where our gates stand in PyTorch's order; each is its own inverse.
GATES = {"lstm": [1, 0, 2, 3], "gru": [1, 0, 2], "rnn": [0]}
LAYERS = {"lstm": torch.nn.LSTM, "gru": torch.nn.GRU, "rnn": torch.nn.RNN}


def reordered(kind, matrix):
    """Blocks of the last axis from our order to PyTorch's, or back."""
    blocks = np.split(matrix, len(GATES[kind]), axis=-1)
    return np.concatenate([blocks[g] for g in GATES[kind]], axis=-1)


class Layer:
    """A layer of torch.nn with our parameters: ours are stored [in, gates * hidden] with one bias."""

    def __init__(self, kind, arrays):
        self.kind = kind
        inputs, hidden = arrays["U"].shape[0], arrays["W"].shape[0]
        self.module = LAYERS[kind](inputs, hidden)
        second = np.zeros_like(arrays["b"])
        if kind == "gru":
            second[2 * hidden :] = arrays["c"]
        values = {
            "weight_ih_l0": reordered(kind, arrays["U"]).T,
            "weight_hh_l0": reordered(kind, arrays["W"]).T,
            "bias_ih_l0": reordered(kind, arrays["b"]),
            "bias_hh_l0": second,
        }
        with torch.no_grad():
            for name, value in values.items():
                getattr(self.module, name).copy_(torch.from_numpy(np.ascontiguousarray(value)))

    def parameters(self):
        return list(self.module.parameters())

    def __call__(self, x):
        return self.module(x)[0]

    def gradients(self):
        grads = {name: p.grad.numpy() for name, p in self.module.named_parameters()}
        ours = {
            "U": reordered(self.kind, grads["weight_ih_l0"].T),
            "W": reordered(self.kind, grads["weight_hh_l0"].T),
            "b": reordered(self.kind, grads["bias_ih_l0"]),
        }
        if self.kind == "gru":
            ours["c"] = grads["bias_hh_l0"][2 * self.module.hidden_size :]
        return ours


class PeepholeLoop:
    """The own cell: gates f, g, i, q; peepholes from s(t-1) into f and g, from s(t) into q."""

    def __init__(self, arrays):
        self.params = {k: torch.from_numpy(arrays[k].copy()).requires_grad_() for k in ("U", "W", "b", "p")}

    def parameters(self):
        return list(self.params.values())

    def __call__(self, x):
        U, W, b, p = (self.params[k] for k in ("U", "W", "b", "p"))
        steps, batch, _ = x.shape
        pf, pg, pq = p.chunk(3)
        h = s = x.new_zeros(batch, W.shape[0])
        outputs = []
        for z in torch.addmm(b, x.flatten(0, 1), U).view(steps, batch, -1).unbind(0):
            f, g, i, q = torch.addmm(z, h, W).chunk(4, 1)
            s = torch.sigmoid(f + pf * s) * s + torch.sigmoid(g + pg * s) * torch.tanh(i)
            h = torch.tanh(s) * torch.sigmoid(q + pq * s)
            outputs.append(h)
        return torch.stack(outputs)

    def gradients(self):
        return {k: p.grad.numpy() for k, p in self.params.items()}


class Subject:
    def __init__(self, command):
        arrays = read(command["file"], command["arrays"])
        kind = command["kind"]
        self.model = PeepholeLoop(arrays) if kind == "own" else Layer(kind, arrays)
        self.training = command["training"]
        self.step = command["step"]
        self.x = torch.from_numpy(arrays["x"].copy())
        if self.training:
            self.x.requires_grad_()
            self.seed = torch.from_numpy(arrays["seed"].copy())

    def sequence(self):
        """Step by step, with the state carried: the outputs."""
        state, outputs = None, []
        with torch.inference_mode():
            for x in self.x.split(1):
                output, state = self.model.module(x, state)
                outputs.append(output)
        return outputs

    def once(self):
        if self.step:
            return self.sequence()
        if not self.training:
            with torch.inference_mode():
                return self.model(self.x)
        self.x.grad = None
        for p in self.model.parameters():
            p.grad = None
        output = self.model(self.x)
        output.backward(self.seed)
        return output

    def results(self):
        output = torch.cat(self.once()) if self.step else self.once()
        found = {"output": output.detach().numpy()}
        if self.training:
            found |= {"x": self.x.grad.numpy(), **self.model.gradients()}
        return found


def read(file, arrays):
    """@param arrays: name to [first element, shape]"""
    flat = np.fromfile(file, dtype=np.float32)
    return {k: flat[at : at + int(np.prod(shape))].reshape(shape) for k, (at, shape) in arrays.items()}


def write(file, arrays):
    place, at = {}, 0
    with open(file, "wb") as out:
        for name, value in arrays.items():
            out.write(np.ascontiguousarray(value, dtype=np.float32).tobytes())
            place[name] = [at, list(value.shape)]
            at += value.size
    return place


def timed(run, repetitions):
    """Milliseconds of each run after one that does not count."""
    times = []
    for i in range(repetitions + 1):
        start = time.perf_counter()
        run()
        if i > 0:
            times.append(1000 * (time.perf_counter() - start))
    return times


def gemm(n):
    a, b = torch.full((n, n), 1.0 / n), torch.full((n, n), 1.0 / (n + 1))
    out = torch.empty(n, n)
    return lambda: torch.mm(a, b, out=out)


def main():
    subject = None
    for line in sys.stdin:
        command = json.loads(line)
        do = command["do"]
        if do == "start":
            torch.set_num_threads(command["threads"])
            answer = {"version": torch.__version__, "threads": torch.get_num_threads()}
        elif do == "prepare":
            subject = Subject(command)
            answer = {}
        elif do == "results":
            answer = {"arrays": write(command["file"], subject.results())}
        elif do == "time":
            steps = len(subject.x) if subject.step else 1
            answer = {"times": [ms / steps for ms in timed(subject.once, command["repetitions"])]}
        elif do == "gemm":
            answer = {"times": timed(gemm(command["n"]), 5)}
        elif do == "dispose":
            subject = None
            answer = {}
        print(json.dumps(answer), flush=True)


main()
