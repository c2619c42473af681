"""Whether Keras loads what toKeras writes and gives the same numbers: run in this folder after `npm run build`, with Keras 3 and node.

Every golden model is read, written and loaded again, by load_model and by load_weights; a language model of the library is loaded too."""

import json
import os
import subprocess
import tempfile

os.environ["KERAS_BACKEND"] = "torch"

import keras
import numpy as np

with open("golden.json") as file:
    golden = json.load(file)
with tempfile.TemporaryDirectory() as folder:
    subprocess.run(["node", "write_models.mjs", folder], check=True)
    for name in ["words", "both", "gru", "cells", "activations"]:
        model = keras.models.load_model(f"{folder}/{name}.keras")
        twin = keras.models.clone_model(model)
        twin.load_weights(f"{folder}/{name}.weights.h5")
        there = keras.models.load_model(f"{name}.keras")
        for batch in golden[name]:
            x = np.array(batch["x"], dtype="int32" if name == "words" else "float32")
            wanted = keras.ops.convert_to_numpy(there(x))
            for of in [model, twin]:
                error = np.abs(keras.ops.convert_to_numpy(of(x)) - wanted).max()
                assert error < 1e-5 * max(1, np.abs(wanted).max()), (name, error)
        print(f"{name}: Keras gives the same numbers")
    model = keras.models.load_model(f"{folder}/language.keras")
    with open(f"{folder}/language.json") as file:
        wanted = np.array(json.load(file)).reshape(1, 3, 9)
    assert np.abs(keras.ops.convert_to_numpy(model(np.array([[3, 1, 4]]))) - wanted).max() < 1e-5
    print("language: Keras gives the numbers of the library")
