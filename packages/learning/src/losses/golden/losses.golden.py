"""Writes `losses.json` beside it: losses of MONAI and their gradients, under what a job says of each.

    pip install torch numpy monai==1.5.0
    python losses.golden.py

Logits are float32, channels last in the record; values are MONAI's own, in float32.
`monai.safetensors` beside it is a record of larger volumes that others made with MONAI 1.5.0 and
PyTorch 2.13.0: logits `input` and labels `target`, channels second, and of each of seven losses `loss` and
`gradient`.
"""

import json
from pathlib import Path

import monai
import torch
from monai.losses import DiceCELoss, DiceFocalLoss, DiceLoss, TverskyLoss

BATCH, SIZE, CLASSES = 2, (3, 2, 2), 3
WEIGHTS = [0.25, 1.0, 3.0]
LOSSES = {"dice": DiceLoss, "dice-ce": DiceCELoss, "dice-focal": DiceFocalLoss, "tversky": TverskyLoss}
NAMES = {
    "includeBackground": "include_background",
    "squaredDenominator": "squared_pred",
    "classWeights": "weight",
    "diceWeight": "lambda_dice",
    "crossEntropyWeight": "lambda_ce",
    "focalWeight": "lambda_focal",
}


def loss_of(kind, **said):
    arguments = {NAMES.get(name, name): value for name, value in said.items()}
    if "weight" in arguments:
        weight = torch.tensor(arguments["weight"])
        # Of DiceCELoss it is one for each class in any case.
        alone = kind != "dice-ce" and not said.get("includeBackground", True)
        arguments["weight"] = weight[1:] if alone else weight
    return LOSSES[kind](to_onehot_y=True, softmax=True, **arguments)


torch.manual_seed(20)
LOGITS = torch.randn(BATCH, CLASSES, *SIZE) * 2
LABELS = {
    "mixed": torch.randint(0, CLASSES, (BATCH, *SIZE)),
    "empty": torch.zeros(BATCH, *SIZE, dtype=torch.int64),
}


def listed(values):  # channels last, to what a float32 knows
    return [float(f"{value:.9g}") for value in values.detach().movedim(1, -1).flatten().tolist()]


def record(name, labels, kind, **said):
    logits = LOGITS.clone().requires_grad_()
    loss = loss_of(kind, **said)(logits, LABELS[labels][:, None])
    loss.backward()
    return {
        "name": name,
        "labels": labels,
        "spec": {"kind": kind, **said},
        "loss": loss.item(),
        "gradient": listed(logits.grad),
    }


cases = []
for kind in LOSSES:
    cases += [
        record("as it is", "mixed", kind),
        record("background left out", "mixed", kind, includeBackground=False),
        record("over the batch", "mixed", kind, batch=True),
        record("without foreground", "empty", kind),
        record("without foreground or background", "empty", kind, includeBackground=False),
    ]
for kind in ["dice", "dice-ce", "dice-focal"]:
    cases += [
        record("of squares", "mixed", kind, squaredDenominator=True),
        record("of squares over the batch", "mixed", kind, squaredDenominator=True, batch=True),
        record("with weights of classes", "mixed", kind, classWeights=WEIGHTS),
        record(
            "with weights of classes, background left out",
            "mixed",
            kind,
            classWeights=WEIGHTS,
            includeBackground=False,
        ),
    ]
cases += [
    record("weighted parts", "mixed", "dice-ce", diceWeight=0.25, crossEntropyWeight=3.0),
    record("weighted parts", "mixed", "dice-focal", diceWeight=0.25, focalWeight=3.0),
    record("unfocused", "mixed", "dice-focal", gamma=0.0),
    record("half focused", "mixed", "dice-focal", gamma=0.5),
    record("false negatives dearer", "mixed", "tversky", alpha=0.3, beta=0.7),
]
golden = {
    "monai": monai.__version__,
    "torch": torch.__version__,
    "shape": [BATCH, *SIZE, CLASSES],
    "logits": listed(LOGITS),
    "labels": {name: labels.flatten().tolist() for name, labels in LABELS.items()},
    "cases": cases,
}
Path(__file__).with_name("losses.json").write_text(json.dumps(golden) + "\n")
