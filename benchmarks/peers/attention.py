"""A decoder with additive attention in PyTorch. Reads one command per line (JSON), answers each with one line."""

import json
import sys
import time

import numpy as np

import torch

class Decoder:
    def __init__(self, arrays):
        t = {k: torch.from_numpy(v.copy()) for k, v in arrays.items()}
        self.x, self.a = t["x"].transpose(0, 1).contiguous().requires_grad_(), t["a"].requires_grad_()
        hidden = t["Wq"].shape[0]
        self.cell = torch.nn.LSTMCell(2 * hidden, hidden)
        with torch.no_grad():
            self.cell.weight_ih.copy_(torch.cat([t["U"], t["C"]]).T)
            self.cell.weight_hh.copy_(t["W"].T)
            self.cell.bias_ih.copy_(t["b"])
            self.cell.bias_hh.zero_()
        self.Wq, self.Wk, self.v = (t[k].requires_grad_() for k in ("Wq", "Wk", "v"))
        self.hidden = hidden

    def use(self, lengths, sizes):
        steps, batch = self.x.shape[0], self.x.shape[1]
        self.mask = torch.arange(self.a.shape[1])[None, :] >= torch.tensor(sizes)[:, None]
        self.valid = (torch.arange(steps)[:, None] < torch.tensor(lengths)[None, :]).float()[:, :, None]
        self.count = float(sum(lengths)) * self.hidden
        self.batch = batch

    def step(self):
        for p in [*self.cell.parameters(), self.Wq, self.Wk, self.v, self.x, self.a]:
            p.grad = None
        keys = self.a @ self.Wk
        h = s = torch.zeros(self.batch, self.hidden)
        outputs = []
        for x in self.x.unbind():
            scores = torch.tanh((h @ self.Wq).unsqueeze(1) + keys) @ self.v
            weights = torch.softmax(scores.masked_fill(self.mask, float("-inf")), 1)
            context = torch.bmm(weights.unsqueeze(1), self.a).squeeze(1)
            h, s = self.cell(torch.cat([x, context], 1), (h, s))
            outputs.append(h)
        loss = (torch.stack(outputs) * self.valid).square().sum() / self.count
        loss.backward()
        return loss

    def gradients(self):
        inputs = self.cell.weight_ih.grad.T
        return {
            "Wq": self.Wq.grad,
            "Wk": self.Wk.grad,
            "v": self.v.grad,
            "U": inputs[: self.hidden],
            "C": inputs[self.hidden :],
            "W": self.cell.weight_hh.grad.T,
            "b": self.cell.bias_ih.grad,
        }


decoder = None
for line in sys.stdin:
    command = json.loads(line)
    if command["do"] == "start":
        torch.set_num_threads(command["threads"])
        decoder = Decoder(
            {c["name"]: np.fromfile(c["file"], dtype=np.float32).reshape(c["shape"]) for c in command["arrays"]}
        )
        answer = {"version": torch.__version__}
    elif command["do"] == "results":
        decoder.use(command["lengths"], command["sizes"])
        loss = decoder.step().item()
        gradients = {k: g.contiguous().flatten().tolist() for k, g in decoder.gradients().items()}
        answer = {"loss": loss, "gradients": gradients}
    else:
        start = time.perf_counter()
        decoder.step().item()
        answer = {"ms": (time.perf_counter() - start) * 1e3}
    print(json.dumps(answer), flush=True)
