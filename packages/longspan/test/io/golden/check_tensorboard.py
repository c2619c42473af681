"""Event files, held against TensorBoard's own writer and reader.

Writes next to itself tensorboard.tfevents, the events of tensorboard.json as TensorBoard's writer stores them; the tests
compare bytes. Then writes the same events with this library, as built (`npm run build`), reads that file with TensorBoard's
reader and compares steps, times, tags and values.

    python3 -m venv .venv
    .venv/bin/pip install tensorboard==2.21.0
    .venv/bin/python packages/longspan/test/io/golden/check_tensorboard.py
"""

import json
import pathlib
import subprocess
import tempfile

import numpy as np
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.backend.event_processing.event_file_loader import LegacyEventFileLoader
from tensorboard.compat.proto.event_pb2 import Event
from tensorboard.compat.proto.summary_pb2 import Summary
from tensorboard.summary.writer.record_writer import RecordWriter

FOLDER = pathlib.Path(__file__).parent
CONTENTS = json.loads((FOLDER / "tensorboard.json").read_text())

WRITE = """
import { readFileSync, writeFileSync } from "node:fs";
import { encodeTensorBoardEvent, tensorBoardHeader } from "longspan";
const { header, events } = JSON.parse(readFileSync(process.argv[1], "utf8"));
const numbers = (scalars) => Object.fromEntries(Object.entries(scalars).map(([tag, v]) => [tag, Number(v)]));
const records = events.map((e) => encodeTensorBoardEvent({ ...e, scalars: numbers(e.scalars) }));
writeFileSync(process.argv[2], Buffer.concat([tensorBoardHeader(header), ...records]));
"""


def golden(path):
    with open(path, "wb") as file:
        writer = RecordWriter(file)
        header = Event(wall_time=CONTENTS["header"], file_version="brain.Event:2")
        writer.write(header.SerializeToString(deterministic=True))
        for event in CONTENTS["events"]:
            values = [Summary.Value(tag=tag, simple_value=float(v)) for tag, v in event["scalars"].items()]
            stored = Event(wall_time=event["wallTime"], step=event["step"], summary=Summary(value=values))
            writer.write(stored.SerializeToString(deterministic=True))


def check(path):
    first, *events = LegacyEventFileLoader(str(path)).Load()
    assert (first.file_version, first.wall_time) == ("brain.Event:2", CONTENTS["header"])
    assert len(events) == len(CONTENTS["events"])
    compared = 0
    for found, event in zip(events, CONTENTS["events"]):
        assert (found.step, found.wall_time) == (event["step"], event["wallTime"]), event
        assert [v.tag for v in found.summary.value] == list(event["scalars"]), event
        for value, expected in zip(found.summary.value, event["scalars"].values()):
            np.testing.assert_equal(np.float32(value.simple_value), np.float32(float(expected)))
            compared += 1
    accumulator = EventAccumulator(str(path)).Reload()
    tags = {tag for event in CONTENTS["events"] for tag in event["scalars"]}
    assert set(accumulator.Tags()["scalars"]) == tags
    print(f"{len(events)} events, {compared} values, {len(tags)} tags: as written")


golden(FOLDER / "tensorboard.tfevents")
with tempfile.TemporaryDirectory() as folder:
    path = pathlib.Path(folder) / "events.out.tfevents.1700000000.longspan"
    json_path = str(FOLDER / "tensorboard.json")
    subprocess.run(["node", "--input-type=module", "-e", WRITE, json_path, str(path)], cwd=FOLDER, check=True)
    check(path)
    assert path.read_bytes() == (FOLDER / "tensorboard.tfevents").read_bytes()
    print("the same bytes as TensorBoard's writer")
