"""Records what plain PyTorch computes for small Swin UNETRs, as swin-unetr.json.

Run with a Python that has torch:  python swin-unetr.golden.py > swin-unetr.json
The network is swin_unetr.py's, which gives MONAI's recorded output within 1e-6. Its weights are too many to
keep and so are made by a rule that the test knows too: the k-th parameter by name, with s = 1 / sqrt(values that make an
output), has s · sin(k + i) for its i-th value, and norms have 1 more in their weights.
"""

import json
import math
import sys

import torch
from swin_unetr import SwinUNETR


def waves(begin, shape, scale):
    count = math.prod(shape)
    values = torch.sin(begin + torch.arange(count, dtype=torch.float64)) * scale
    return values.float().reshape(shape)


def case(window, size):
    net = SwinUNETR(1, 2, 12, depths=(2, 1, 2, 1), window=window)
    for k, (name, parameter) in enumerate(sorted(net.named_parameters())):
        shape = parameter.shape
        values = waves(k, shape, 1 / math.sqrt(math.prod(shape[1:])))
        parameter.data = values + 1 if "norm" in name and name.endswith("weight") else values
    logits = net.double()(waves(0, (1, 1, *size), 1).double())
    picked = logits.movedim(1, -1).flatten()[::997]
    return {"windowSize": window, "size": size, "logits": [round(v, 6) for v in picked.tolist()]}


with torch.no_grad():
    made_by = f"swin-unetr.golden.py, torch {torch.__version__}, float64"
    json.dump({"madeBy": made_by, "cases": [case(3, [64, 32, 32])]}, sys.stdout)
