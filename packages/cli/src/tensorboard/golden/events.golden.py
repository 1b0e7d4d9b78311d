"""Writes `events.json` beside it: event files' records by TensorBoard's own writer, with their bytes in base64.

    pip install tensorboard setuptools
    python events.golden.py
"""

import base64
import io
import json
from pathlib import Path

import tensorboard
from tensorboard.compat.proto.event_pb2 import Event, SessionLog
from tensorboard.compat.proto.summary_pb2 import Summary
from tensorboard.summary.writer.record_writer import RecordWriter

WALL_TIME_MS = 1_700_000_000_250


def record(event):
    stream = io.BytesIO()
    stream.close = lambda: None
    writer = RecordWriter(stream)
    writer.write(event.SerializeToString())
    writer.flush()
    return base64.b64encode(stream.getvalue()).decode()


def scalars(step, values):
    summary = Summary(value=[Summary.Value(tag=t, simple_value=v) for t, v in values.items()])
    return Event(wall_time=WALL_TIME_MS / 1000, step=step, summary=summary)


at = WALL_TIME_MS / 1000
several = {"loss/epoch": 0.125, "validation/dice/left-Hippocampus ü": 0.1, "learning_rate": 1e-3}
log = SessionLog(status=SessionLog.START)
recorded = [
    ({"kind": "version"}, Event(wall_time=at, file_version="brain.Event:2")),
    ({"kind": "start", "step": 1}, Event(wall_time=at, step=1, session_log=log)),
    ({"kind": "start", "step": 0}, Event(wall_time=at, session_log=log)),
]
for step, values in [
    (1, {"loss/batch": 1.5}),
    (127, several),
    (128, several),
    (300, {"nan": float("nan"), "infinite": float("inf"), "none": 0.0}),
    (5_000_000_000, {str(index) * 20: index / 7 for index in range(12)}),
]:
    written = {key: None if value != value else value for key, value in values.items()}
    about = {"kind": "scalars", "step": step, "values": written}
    recorded.append((about, scalars(step, values)))

records = [{"event": about, "bytes": record(event)} for about, event in recorded]
golden = {"tensorboard": tensorboard.__version__, "wallTimeMs": WALL_TIME_MS, "records": records}
text = json.dumps(golden).replace("Infinity", "1e999")
Path(__file__).with_name("events.json").write_text(text + "\n")
