"""A causal, dilated convolution in PyTorch. Reads one command per line (JSON), answers each with one line."""

import json
import sys
import time

import numpy as np

import torch
from torch.nn.functional import pad


class Causal:
    def __init__(self, arrays, width, dilation):
        t = {k: torch.from_numpy(v.copy()) for k, v in arrays.items()}
        inputs, outputs = t["x"].shape[2], t["b"].shape[0]
        self.before = (width - 1) * dilation
        self.width, self.inputs, self.outputs = width, inputs, outputs
        self.layer = torch.nn.Conv1d(inputs, outputs, width, dilation=dilation)
        with torch.no_grad():
            self.layer.weight.copy_(t["W"].reshape(width, inputs, outputs).permute(2, 1, 0))
            self.layer.bias.copy_(t["b"])
        self.x = t["x"].transpose(1, 2).contiguous().requires_grad_()
        self.y = t["y"].transpose(1, 2).contiguous()
        self.padded = pad(self.x.detach(), (self.before, 0))

    def use(self, lengths):
        self.lengths = lengths
        mask = torch.arange(self.x.shape[2])[None, :] < torch.tensor(lengths)[:, None]
        self.cotangent = self.y * mask[:, None, :]

    def forwards(self):
        with torch.inference_mode():
            return self.layer(self.padded)

    def training(self):
        self.x.grad = None
        self.layer.zero_grad()
        (self.layer(pad(self.x, (self.before, 0))) * self.cotangent).sum().backward()

    def results(self):
        self.training()
        rows = lambda t: torch.cat([t[b, :, :n].T for b, n in enumerate(self.lengths)]).flatten().tolist()
        return {
            "W": self.layer.weight.grad.permute(2, 1, 0).flatten().tolist(),
            "b": self.layer.bias.grad.tolist(),
            "x": rows(self.x.grad),
            "y": rows(self.forwards()),
        }

    def step(self):
        """Microseconds of a call on the inputs that one output reads."""
        steps = 2000
        with torch.inference_mode():
            x = self.x[:1, :, : self.before + 1].contiguous()
            if x.shape[2] < self.before + 1:
                x = pad(x, (self.before + 1 - x.shape[2], 0))
            for _ in range(steps):
                self.layer(x)
            start = time.process_time()
            for _ in range(steps):
                self.layer(x)
        return (time.process_time() - start) * 1e6 / steps


causal = None
for line in sys.stdin:
    command = json.loads(line)
    if command["do"] == "start":
        torch.set_num_threads(command["threads"])
        answer = {"version": torch.__version__}
    elif command["do"] == "shape":
        arrays = {c["name"]: np.fromfile(c["file"], dtype=np.float32).reshape(c["shape"]) for c in command["arrays"]}
        causal = Causal(arrays, command["width"], command["dilation"])
        answer = {}
    elif command["do"] == "results":
        causal.use(command["lengths"])
        answer = causal.results()
    elif command["do"] == "step":
        answer = {"us": causal.step()}
    else:
        run = causal.forwards if command["what"] == "forwards" else causal.training
        start = time.process_time()
        run()
        answer = {"ms": (time.process_time() - start) * 1e3}
    print(json.dumps(answer), flush=True)
