"""A reservoir as one writes it in NumPy. Reads one command per line (JSON), answers each with one line."""

import json
import sys
import time

import numpy as np


class Reservoir:
    def __init__(self, arrays, leak):
        self.U, self.W, self.b, self.x = (arrays[name] for name in ("U", "W", "b", "x"))
        self.leak = self.W.dtype.type(leak)

    def run(self):
        W, U = self.W.T.copy(), self.U.T.copy()
        h = np.zeros_like(self.b)
        states = np.empty((len(self.x), len(h)), h.dtype)
        leak = self.leak
        for t, x in enumerate(self.x):
            h = (1 - leak) * h + leak * np.tanh(W @ h + U @ x + self.b)
            states[t] = h
        return states


reservoir = None
for line in sys.stdin:
    command = json.loads(line)
    if command["do"] == "start":
        answer = {"version": np.__version__}
    elif command["do"] == "reservoir":
        arrays = {
            c["name"]: np.fromfile(c["file"], dtype=command["dtype"]).reshape(c["shape"]) for c in command["arrays"]
        }
        reservoir = Reservoir(arrays, command["leak"])
        answer = {}
    elif command["do"] == "states":
        reservoir.run()[: command["steps"]].tofile(command["file"])
        answer = {}
    else:
        clock, start = time.perf_counter(), time.process_time()
        reservoir.run()
        answer = {"ms": (time.process_time() - start) * 1e3, "clock": (time.perf_counter() - clock) * 1e3}
    print(json.dumps(answer), flush=True)
