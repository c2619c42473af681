"""A word model as one trains it in PyTorch. Reads one command per line (JSON), answers each with one line."""

import json
import sys
import time

import torch


class Model(torch.nn.Module):
    def __init__(self, vocabulary, features, hidden, layers):
        super().__init__()
        self.embedding = torch.nn.Embedding(vocabulary, features)
        self.lstm = torch.nn.LSTM(features, hidden, layers)
        self.readout = torch.nn.Linear(hidden, vocabulary)

    def forward(self, x, state):
        output, state = self.lstm(self.embedding(x), state)
        return self.readout(output), state


class Training:
    def __init__(self, command):
        torch.set_num_threads(command["threads"])
        self.model = Model(*(command[key] for key in ("vocabulary", "features", "hidden", "layers")))
        weights = torch.load(command["weights"], weights_only=True)
        self.model.load_state_dict(weights)
        self.model.train()
        # One bias per gate is trained on both sides.
        for name, p in self.model.named_parameters():
            p.requires_grad_("bias_hh" not in name)
        self.trained = [p for p in self.model.parameters() if p.requires_grad]
        self.optimiser = torch.optim.SGD(self.trained, command["rate"])
        self.clip = command["clip"]
        text = torch.frombuffer(bytearray(open(command["text"], "rb").read()), dtype=torch.int32).long()
        part = (len(text) - 1) // command["streams"]
        self.steps = command["steps"]
        parts = [text[b * part : b * part + part + 1] for b in range(command["streams"])]
        self.text = torch.stack(parts, 1)
        self.taken = 0
        self.state = None

    def step(self):
        segments = (len(self.text) - 1) // self.steps
        begin = (self.taken % segments) * self.steps
        if begin == 0:
            self.state = None
        x, y = self.text[begin : begin + self.steps], self.text[begin + 1 : begin + self.steps + 1]
        self.optimiser.zero_grad()
        output, state = self.model(x, self.state)
        self.state = tuple(s.detach() for s in state)
        loss = torch.nn.functional.cross_entropy(output.flatten(0, 1), y.flatten())
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.trained, self.clip)
        self.optimiser.step()
        self.taken += 1
        return loss.item()


training = None
for line in sys.stdin:
    command = json.loads(line)
    if command["do"] == "start":
        training = Training(command)
        answer = {"version": torch.__version__}
    elif command["do"] == "steps":
        clock, start = time.perf_counter(), time.process_time()
        for _ in range(command["count"]):
            loss = training.step()
        answer = {"ms": (time.perf_counter() - clock) * 1e3, "processor": (time.process_time() - start) * 1e3, "loss": loss}
    else:
        torch.save(training.model.state_dict(), command["file"])
        answer = {}
    print(json.dumps(answer), flush=True)
