"""Writes `dice-ce.json` beside it: DiceCE as MONAI 1.5 defines it, in plain PyTorch, with its gradients.

    pip install torch numpy
    python dice-ce.golden.py

`monai.losses.DiceCELoss(to_onehot_y=True, softmax=True)`: Dice over softmax probabilities per sample
and class with smooth_nr = smooth_dr = 1e-5, mean over both; plus `torch.nn.CrossEntropyLoss`. Float64
throughout, so that the record is exact to what float32 can be compared with.
"""

import json
from pathlib import Path

import torch
import torch.nn.functional as F

BATCH, SIZE, CLASSES = 2, (3, 4, 2), 3


def dice_ce(logits, labels, include_background, dice_weight, cross_entropy_weight):
    """logits [B, C, X, Y, Z], labels [B, X, Y, Z]"""
    truth = F.one_hot(labels, CLASSES).movedim(-1, 1).to(logits)
    probabilities = torch.softmax(logits, 1)
    first = 0 if include_background else 1
    p, g = probabilities[:, first:], truth[:, first:]
    space = (2, 3, 4)
    dice = 1 - (2 * (p * g).sum(space) + 1e-5) / (p.sum(space) + g.sum(space) + 1e-5)
    return dice_weight * dice.mean() + cross_entropy_weight * F.cross_entropy(logits, labels)


def record(name, labels, **options):
    logits = torch.randn(BATCH, CLASSES, *SIZE, dtype=torch.float64) * 2
    logits = logits.float().double().requires_grad_()
    loss = dice_ce(logits, labels, **options)
    loss.backward()
    channels_last = lambda values: values.detach().movedim(1, -1).flatten().tolist()
    return {
        "name": name,
        "options": options,
        "logits": channels_last(logits),
        "labels": labels.flatten().tolist(),
        "loss": loss.item(),
        "gradient": channels_last(logits.grad),
    }


torch.manual_seed(20)
mixed = torch.randint(0, CLASSES, (BATCH, *SIZE))
empty = torch.zeros(BATCH, *SIZE, dtype=torch.int64)
plain = dict(include_background=True, dice_weight=1.0, cross_entropy_weight=1.0)
cases = [
    record("all classes", mixed, **plain),
    record("background left out", mixed, **{**plain, "include_background": False}),
    record("weighted parts", mixed, **{**plain, "dice_weight": 0.25, "cross_entropy_weight": 3.0}),
    record("references without foreground", empty, **plain),
    record("without foreground or background", empty, **{**plain, "include_background": False}),
]
golden = {"torch": torch.__version__, "shape": [BATCH, *SIZE, CLASSES], "cases": cases}
Path(__file__).with_name("dice-ce.json").write_text(json.dumps(golden) + "\n")
