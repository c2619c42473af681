"""CTC in PyTorch for `ctc.mjs`: reads a command per line of JSON, answers with one. One thread."""

import json
import sys
import time

import torch

torch.set_num_threads(1)


def step(logits, labels, lengths, counts, gradient):
    logits.grad = None
    loss = torch.nn.functional.ctc_loss(logits.log_softmax(-1), labels, lengths, counts, reduction="sum")
    if gradient:
        loss.backward()
    return loss


for line in sys.stdin:
    command = json.loads(line)
    if command["do"] == "prepare":
        T, B, V = command["shape"]
        logits = torch.tensor(command["logits"]).reshape(T, B, V).requires_grad_()
        labels = torch.tensor(command["labels"])
        lengths, counts = torch.full((B,), T), torch.full((B,), labels.shape[1])
        loss = step(logits, labels, lengths, counts, True)
        answer = {"version": torch.__version__, "loss": loss.item(), "gradient": logits.grad.flatten().tolist()}
    else:
        times = []
        for i in range(command["repetitions"] + 1):
            start = time.process_time()
            step(logits, labels, lengths, counts, command["gradient"])
            if i > 0:
                times.append((time.process_time() - start) * 1e3)
        answer = {"times": times}
    print(json.dumps(answer), flush=True)
