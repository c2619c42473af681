"""Cells with matrix states in PyTorch, as loops. Reads one command per line (JSON), answers each with one line."""

import json
import math
import sys
import time

import numpy as np

import torch
import torch.nn.functional as F


def ntm(p, x, s0):
    """Both heads address the memory in one product; the LSTM cell is PyTorch's own."""
    N, W = s0["memory"].shape[1:]
    H, head = p["R"].shape[0], W + 6
    B = x.shape[1]
    cell = (torch.cat([p["U"], p["C"]]).T, p["R"].T, p["b"])
    zero = torch.zeros_like(cell[2])
    h = s = x.new_zeros(B, H)
    r = x.new_zeros(B, W)
    memory = s0["memory"]
    weights = torch.stack([s0["read"], s0["write"]], 1)
    out = []
    for xt in x.unbind():
        h, s = torch.lstm_cell(torch.cat([xt, r], 1), (h, s), cell[0], cell[1], cell[2], zero)
        said = torch.addmm(p["c"], h, p["V"])
        heads, erase, content = said.split([2 * head, W, W], 1)
        key, strength, gate, shift, power = heads.view(B, 2, head).split([W, 1, 1, 3, 1], 2)
        k = torch.tanh(key)
        lengths = torch.linalg.vector_norm(k, dim=2, keepdim=True) * torch.linalg.vector_norm(memory, dim=2).unsqueeze(1)
        scores = torch.bmm(k, memory.transpose(1, 2)) / lengths * F.softplus(strength)
        c = torch.softmax(scores, 2)
        mixed = torch.lerp(weights, c, torch.sigmoid(gate))
        a = torch.softmax(shift, 2)
        wide = torch.cat([mixed[:, :, -1:], mixed, mixed[:, :, :1]], 2)
        shifted = a[:, :, 0:1] * wide[:, :, 2:] + a[:, :, 1:2] * mixed + a[:, :, 2:3] * wide[:, :, :-2]
        sharp = shifted.pow(1 + F.softplus(power))
        weights = sharp / sharp.sum(2, keepdim=True)
        r = torch.bmm(weights[:, :1], memory).squeeze(1)
        w = weights[:, 1].unsqueeze(2)
        memory = memory * (1 - w * torch.sigmoid(erase).unsqueeze(1)) + w * torch.tanh(content).unsqueeze(1)
        out.append(torch.addmm(torch.addmm(p["d"], h, p["O"]), r, p["Q"]))
    return torch.stack(out)


def delta(p, x, s0):
    """Projections for all steps at once; the update in place of autograd's reach is not possible, so baddbmm."""
    k = torch.softmax(x @ p["K"], -1).unsqueeze(3).unbind()
    q = torch.softmax(x @ p["Q"], -1).unsqueeze(3).unbind()
    v = (x @ p["V"]).unsqueeze(3).unbind()
    beta = torch.sigmoid(x @ p["B"]).unsqueeze(3).unbind()
    S = s0["S"]
    out = []
    for t in range(x.shape[0]):
        error = beta[t] * torch.baddbmm(v[t], S, k[t], alpha=-1)
        S = torch.baddbmm(S, error, k[t].transpose(1, 2))
        out.append(torch.bmm(S, q[t]))
    return torch.stack(out).squeeze(3)


def mlstm(p, x, s0):
    d = x.shape[2]
    k = ((x @ p["K"]) / math.sqrt(d)).unbind()
    v = (x @ p["V"]).unbind()
    queries = x @ p["Q"]
    q = queries.unsqueeze(3).unbind()
    i = (x @ p["I"]).unbind()
    f = F.logsigmoid(x @ p["F"]).unbind()
    o = torch.sigmoid(x @ p["O"])
    C, n, m = s0["C"], s0["n"], s0["m"]
    found, norms, tops = [], [], []
    for t in range(x.shape[0]):
        top = torch.maximum(f[t] + m, i[t])
        keep, put = torch.exp(f[t] + m - top), torch.exp(i[t] - top)
        m = top
        C = torch.baddbmm(keep.unsqueeze(2) * C, (put * v[t]).unsqueeze(2), k[t].unsqueeze(1))
        n = torch.addcmul(put * k[t], keep, n)
        found.append(torch.bmm(C, q[t]))
        norms.append(n)
        tops.append(top)
    scale = torch.maximum((torch.stack(norms) * queries).sum(2, keepdim=True).abs(), torch.exp(-torch.stack(tops)))
    return o * (torch.stack(found).squeeze(3) / scale)


cells = {"ntm": ntm, "delta": delta, "mlstm": mlstm}


class Job:
    def __init__(self, cell, arrays):
        self.run = cells[cell]
        groups = {"params": {}, "inputs": {}, "initial": {}}
        for a in arrays:
            t = torch.from_numpy(np.fromfile(a["file"], dtype=np.float32).reshape(a["shape"]).copy())
            groups[a["kind"]][a["name"]] = t
        self.params = {k: t.requires_grad_() for k, t in groups["params"].items()}
        self.x = groups["inputs"]["x"].transpose(0, 1).contiguous().requires_grad_()
        self.initial = groups["initial"]

    def step(self):
        for p in [*self.params.values(), self.x]:
            p.grad = None
        loss = self.run(self.params, self.x, self.initial).square().mean()
        loss.backward()
        return loss

    def results(self):
        loss = self.step().item()
        named = {k: p.grad.flatten().tolist() for k, p in self.params.items()}
        return {"loss": [loss], **named, "x": self.x.grad.transpose(0, 1).flatten().tolist()}


job = None
for line in sys.stdin:
    command = json.loads(line)
    if command["do"] == "start":
        torch.set_num_threads(command["threads"])
        answer = {"version": torch.__version__}
    elif command["do"] == "use":
        job = Job(command["cell"], command["arrays"])
        answer = {}
    elif command["do"] == "results":
        answer = job.results()
    else:
        start, used = time.perf_counter(), time.process_time()
        job.step().item()
        answer = {"ms": (time.perf_counter() - start) * 1e3, "processor": (time.process_time() - used) * 1e3}
    print(json.dumps(answer), flush=True)
