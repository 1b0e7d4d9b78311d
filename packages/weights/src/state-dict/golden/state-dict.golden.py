"""Writes the golden files beside it with PyTorch: state dicts as people save them, what they hold, and what is refused.

    pip install torch
    python state-dict.golden.py

Recorded with PyTorch 2.13.0 on the CPU. `expected.json` has, for each file that is read, its tensors' shapes and
their values in float32 as PyTorch converts them, in row-major order.
"""

import json
import pickle
from collections import OrderedDict
from pathlib import Path

import torch
from torch import nn

HERE = Path(__file__).parent
expected = {}


def write(name, content, tensors, **options):
    torch.save(content, HERE / f"{name}.pt", **options)
    expected[name] = {
        key: {"shape": list(value.shape), "values": value.detach().float().reshape(-1).tolist()}
        for key, value in tensors.items()
    }


def refused(name, content, **options):
    torch.save(content, HERE / f"{name}.pt", **options)


class Small(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv3d(2, 3, (1, 2, 3))
        self.norm = nn.BatchNorm3d(3)
        self.act = nn.PReLU()


torch.manual_seed(0)
module = Small()
module.norm.num_batches_tracked += 7
state = module.state_dict()

many = OrderedDict(
    float32=torch.tensor([[0.5, -1.25, 3.0], [1e-40, 3.4e38, -0.1]]),
    float64=torch.tensor([0.1, -1e-300, 1e300 / 1e299, 16777217.0], dtype=torch.float64),
    float16=torch.tensor([0.1, -65504.0, 6e-8, 1.0, -0.0], dtype=torch.float16),
    bfloat16=torch.tensor([0.1, -3e38, 1e-40, 1.0], dtype=torch.bfloat16),
    int64=torch.tensor([0, -1, 16777217, 2**40 + 1]),
    int32=torch.tensor([2**31 - 1, -(2**31), 5], dtype=torch.int32),
    int16=torch.tensor([-32768, 32767], dtype=torch.int16),
    int8=torch.tensor([-128, 127], dtype=torch.int8),
    uint8=torch.tensor([0, 255], dtype=torch.uint8),
    bool=torch.tensor([True, False, True]),
    scalar=torch.tensor(2.75),
    empty=torch.zeros(0, 3),
)
write("every-type", many, many)

grid = torch.arange(2 * 3 * 2 * 2 * 2, dtype=torch.float32).reshape(2, 3, 2, 2, 2) / 8
views = OrderedDict(
    whole=grid,
    tied=grid,
    part=grid[1],
    transposed=grid[0, 0, 0].t(),
    swapped=torch.arange(6.0).reshape(2, 3).t(),
    channels_last=(grid + 1).to(memory_format=torch.channels_last_3d),
    parameter=nn.Parameter(torch.tensor([1.5, 2.5])),
)
write("views", views, views)

write("module", state, state)
write("protocol-4", state, state, pickle_protocol=4)
write("protocol-5", state, state, pickle_protocol=5)
parameters = dict(module.named_parameters())
write("parameters", parameters, parameters)

optimizer = torch.optim.Adam(module.parameters(), lr=1e-3)
module.norm(module.conv(torch.ones(1, 2, 2, 3, 4))).sum().backward()
optimizer.step()
trained = module.state_dict()
plain = {"epoch": 3, "best": 0.25, "name": "a run", "done": False, "none": None, "large": 2**70, "sizes": [1, (2, 3)]}
write("checkpoint-state-dict", {**plain, "state_dict": trained, "optimizer": optimizer.state_dict()}, trained)
write("checkpoint-model", {"model": trained, **plain}, trained)
write("checkpoint-network", {"network": trained, **plain}, trained)

one = torch.ones(4)
refused("whole-module", module)
refused("legacy", {"w": one}, _use_new_zipfile_serialization=False)
refused("complex", {"w": torch.ones(2, dtype=torch.complex64)})
refused("sparse", {"w": torch.eye(2).to_sparse()})
refused("quantized", {"w": torch.quantize_per_tensor(one, 0.1, 0, torch.qint8)})
refused("gaps", {"w": torch.arange(8.0)[::2]})
refused("expanded", {"w": torch.ones(1).expand(4)})
refused("conjugate", {"w": torch.ones(2, dtype=torch.complex64).conj().imag})
refused("two-models", {"model": {"w": one}, "state_dict": {"w": one}})
refused("not-a-dict", [one])
refused("no-tensor", {"w": one, "note": "kept for later"})
refused("bytes", {"w": one, "note": b"kept for later"})
refused("set", {"w": one, "note": {1, 2}})
refused("size", {"w": one, "note": one.shape})
loop = []
loop.append(loop)
refused("loop", {"w": one, "loop": loop})
scripted = torch.jit.script(nn.Linear(2, 1))
scripted.save(str(HERE / "torchscript.pt"))


class Call:
    def __reduce__(self):
        return (print, ("run",))


refused("call", {"w": one, "x": Call()})
(HERE / "bare-pickle.pt").write_bytes(pickle.dumps({"w": 1}, protocol=4))
(HERE / "expected.json").write_text(json.dumps(expected, indent=None, separators=(",", ":")) + "\n")
