"""Models of Keras 3 with what they give: run in this folder, with KERAS_BACKEND=torch, Keras 3.15 and torch 2.13; then `npm run format`.

For each model NAME.keras, and in golden.json batches of two lengths and two batch sizes, padded where the model has a mask, the outputs at the
steps that are not masked, and the gradients of half the sum of the squared outputs. weights.weights.h5 is what save_weights writes for `gru`."""

import json
import os
import zipfile

os.environ["KERAS_BACKEND"] = "torch"

import keras
import numpy as np
import torch
from keras import layers

rng = np.random.default_rng(21)


def both():
    x = layers.Input((None, 3), name="x")
    y = layers.Masking(mask_value=-1.0)(x)
    y = layers.Bidirectional(layers.LSTM(2, return_sequences=True), name="two")(y)
    y = layers.Bidirectional(layers.GRU(3, return_sequences=True), merge_mode="mul")(y)
    y = layers.Bidirectional(layers.SimpleRNN(3), merge_mode="ave")(y)
    return keras.Model(x, layers.Dense(2, use_bias=False)(y), name="both")


def words():
    x = layers.Input((None,), dtype="int32")
    y = layers.Embedding(7, 3, mask_zero=True)(x)
    y = layers.LSTM(4, return_sequences=True, dropout=0.3)(y)
    y = layers.Dropout(0.2)(y)
    return keras.Model(x, layers.TimeDistributed(layers.Dense(7, activation="softmax"))(y), name="words")


models = {
    "words": words(),
    "both": both(),
    "gru": keras.Sequential(
        [
            layers.Input((None, 3)),
            layers.GRU(4, return_sequences=True),
            layers.GRU(3, reset_after=False, return_sequences=True),
            layers.GRU(3, use_bias=False),
            layers.Dense(2, activation="relu"),
        ],
        name="gru",
    ),
    "cells": keras.Sequential(
        [
            layers.Input((None, 3)),
            layers.Masking(),
            layers.RNN(
                layers.StackedRNNCells(
                    [layers.LSTMCell(3), layers.LSTMCell(2), layers.GRUCell(3, reset_after=False), layers.SimpleRNNCell(2)]
                ),
                return_sequences=True,
            ),
            layers.RNN(layers.GRUCell(3), return_sequences=True),
            layers.SimpleRNN(3, activation="relu", go_backwards=True),
            layers.Activation("tanh"),
        ],
        name="cells",
    ),
    "activations": keras.Sequential(
        [
            layers.Input((None, 3)),
            keras.Sequential(
                [
                    layers.LSTM(3, activation="softsign", recurrent_activation="hard_sigmoid", return_sequences=True, use_bias=False),
                    layers.GRU(3, recurrent_activation="hard_sigmoid", return_sequences=True),
                    layers.GRU(3, recurrent_activation="hard_sigmoid", reset_after=False, return_sequences=True),
                    layers.SimpleRNN(3, activation="elu", return_sequences=True),
                ]
            ),
            layers.LSTM(3, activation="relu", return_sequences=True),
            layers.GRU(3, activation="silu", return_sequences=True),
            layers.Dense(3, activation="selu"),
            layers.Dense(3, activation="leaky_relu"),
            layers.Dense(3, activation="softplus"),
            layers.Dense(3, activation="exponential"),
            layers.Dense(3, activation="relu6"),
        ],
        name="activations",
    ),
}
padding = {"words": 0, "both": -1.0, "cells": 0.0}


def run(name, model, lengths):
    """A batch of sequences of some lengths, padded where the model has a mask, and what it gives."""
    steps = max(lengths)
    if name == "words":
        x = rng.integers(1, 7, (len(lengths), steps))
    else:
        x = rng.normal(size=(len(lengths), steps, 3)).astype("float32")
    mask = np.arange(steps)[None] < np.array(lengths)[:, None]
    if name == "cells" and steps > 5:
        mask[0, 1] = False
    if name in padding:
        x[~mask] = padding[name]
    else:
        mask[:] = True
    for v in model.trainable_variables:
        v.value.grad = None
    y = model(torch.tensor(x))
    kept = y if y.ndim == 2 else y[torch.tensor(mask)]
    (kept.square().sum() / 2).backward()
    output = y.tolist() if y.ndim == 2 else [y[b, torch.tensor(mask[b])].tolist() for b in range(len(lengths))]
    return {
        "x": x.tolist(),
        "output": output,
        "gradients": [v.value.grad.tolist() for v in model.trainable_variables],
        "variables": [v.path for v in model.trainable_variables],
    }


def rounded(value):
    if isinstance(value, float):
        return float(f"{value:.8g}")
    if isinstance(value, list):
        return [rounded(v) for v in value]
    return {k: rounded(v) for k, v in value.items()} if isinstance(value, dict) else value


golden = {}
for name, model in models.items():
    for v in model.trainable_variables:
        v.assign(rng.normal(size=v.shape) * 0.6)
    golden[name] = [run(name, model, lengths) for lengths in ([4, 2, 3], [6, 5])]
    model.save(f"{name}.keras")
models["gru"].save_weights("weights.weights.h5")
golden["config"] = models["gru"].to_json()
with open("golden.json", "w") as file:
    json.dump(rounded(golden), file)
    file.write("\n")
