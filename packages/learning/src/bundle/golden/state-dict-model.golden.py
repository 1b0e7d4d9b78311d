"""Writes the golden files beside it with PyTorch: the state dict of a MONAI UNet as people save it.

    pip install torch
    python state-dict-model.golden.py

Recorded with PyTorch 2.13.0. The weights are those of `networks/golden/unet-affine.safetensors`, whose script says
where they are from.
"""

import json
from pathlib import Path

import torch

HERE = Path(__file__).parent
RECORDED = (HERE.parent.parent / "networks" / "golden" / "unet-affine.safetensors").read_bytes()

header_end = 8 + int.from_bytes(RECORDED[:8], "little")
state = {}
for name, entry in json.loads(RECORDED[8:header_end]).items():
    if not name.startswith("weights."):
        continue
    begin, end = (header_end + offset for offset in entry["data_offsets"])
    values = torch.frombuffer(bytearray(RECORDED[begin:end]), dtype=torch.float32)
    state[name.removeprefix("weights.")] = values.reshape(entry["shape"])


def write(name, content):
    torch.save(content, HERE / f"{name}.pt")


write("unet", state)
write("unet-checkpoint", {"epoch": 7, "state_dict": state, "optimizer": {"state": {}, "param_groups": [{"lr": 1e-3}]}})
write("unet-counted", {**state, "model.0.conv.unit0.adn.N.num_batches_tracked": torch.tensor(12)})
last = {name: value.to(memory_format=torch.channels_last_3d) if value.ndim == 5 else value for name, value in state.items()}
write("unet-channels-last", last)
bias = "model.0.conv.unit0.conv.bias"
write("unet-diverged", {**state, bias: state[bias] * float("nan")})
