"""The peer of bench/training.mjs and bench/engine.mjs: plain PyTorch, as MONAI's tutorials train.

Reads lines of JSON on stdin and answers each with one line on stdout, so that both sides can take turns:
  {"setup": {"channels": [...], "strides": [...], "residualUnits": 2, "classes": 3, "shape": [4, 48, 64, 48],
             "mode": "fp32" | "fp32-channels-last" | "bf16-channels-last", "threads": 2}}   -> {"ready": true, "parameters": n, "torch": "2.x"}
  {"steps": n}                                           -> {"seconds": [...], "loss": x, "peakBytes": n}
With "data": {"path": file, "cases": n} in the setup it trains on cases instead, images as float32 and then labels as
bytes, all of the setup's shape:
  {"batches": [[index, ...], ...]}                       -> {"loss": the last batch's}
  {"evaluate": [index, ...]}                             -> {"dice": [mean of each foreground class]}
The network is monai.networks.nets.UNet's, layer for layer, written with torch.nn only; or with "monai": {"name", "arguments"}
in the setup that class of monai.networks.nets itself.
"""

import json
import math
import resource
import sys
import time

import torch
from torch import nn
from torch.nn import functional as F


class Conv(nn.Sequential):
    """Convolution, instance norm, PReLU."""

    def __init__(self, inputs, outputs, stride, transposed=False, conv_only=False):
        if transposed:
            conv = nn.ConvTranspose3d(inputs, outputs, 3, stride, padding=1, output_padding=stride - 1)
        else:
            conv = nn.Conv3d(inputs, outputs, 3, stride, padding=1)
        super().__init__(conv, *([] if conv_only else [nn.InstanceNorm3d(outputs), nn.PReLU()]))


class ResidualUnit(nn.Module):
    def __init__(self, inputs, outputs, stride, units, last_conv_only=False):
        super().__init__()
        self.conv = nn.Sequential(
            *(
                Conv(
                    inputs if unit == 0 else outputs,
                    outputs,
                    stride if unit == 0 else 1,
                    conv_only=last_conv_only and unit == units - 1,
                )
                for unit in range(units)
            )
        )
        self.residual = nn.Identity()
        if stride != 1 or inputs != outputs:
            kernel = 1 if stride == 1 else 3
            self.residual = nn.Conv3d(inputs, outputs, kernel, stride, padding=kernel // 2)

    def forward(self, x):
        return self.conv(x) + self.residual(x)


class Skip(nn.Module):
    def __init__(self, inner):
        super().__init__()
        self.inner = inner

    def forward(self, x):
        return torch.cat([x, self.inner(x)], dim=1)


def unet(channels, strides, units, classes):
    def down(inputs, outputs, stride):
        return ResidualUnit(inputs, outputs, stride, units)

    def up(inputs, outputs, stride, top):
        refine = ResidualUnit(outputs, outputs, 1, 1, last_conv_only=top)
        return nn.Sequential(Conv(inputs, outputs, stride, transposed=True), refine)

    def level(depth, inputs, outputs):
        here, stride = channels[depth], strides[depth]
        if depth == len(channels) - 2:
            inner, below = down(here, channels[depth + 1], 1), channels[depth + 1]
        else:
            inner, below = level(depth + 1, here, here), here
        return nn.Sequential(
            down(inputs, here, stride), Skip(inner), up(here + below, outputs, stride, depth == 0)
        )

    return level(0, 1, classes)


def network_of(setup):
    if "monai" not in setup:
        return unet(setup["channels"], setup["strides"], setup["residualUnits"], setup["classes"])
    from monai.networks import nets

    return getattr(nets, setup["monai"]["name"])(**setup["monai"]["arguments"])


def dice_ce(logits, labels):
    """MONAI's DiceCELoss(to_onehot_y=True, softmax=True)."""
    classes = logits.shape[1]
    truth = F.one_hot(labels, classes).movedim(-1, 1).to(logits.dtype)
    probabilities = torch.softmax(logits, 1)
    space = (2, 3, 4)
    intersection = (probabilities * truth).sum(space)
    union = probabilities.sum(space) + truth.sum(space)
    dice = (1 - (2 * intersection + 1e-5) / (union + 1e-5)).mean()
    return dice + F.cross_entropy(logits, labels)


class Training:
    def __init__(self, setup):
        torch.manual_seed(7)
        torch.set_num_threads(setup["threads"])
        self.bf16 = setup["mode"].startswith("bf16")
        batch, *size = setup["shape"]
        self.net = network_of(setup)
        self.x = torch.randn(batch, 1, *size)
        self.labels = torch.randint(0, setup["classes"], (batch, *size))
        if setup["mode"].endswith("channels-last"):
            self.net = self.net.to(memory_format=torch.channels_last_3d)
            self.x = self.x.to(memory_format=torch.channels_last_3d)
        self.optimizer = torch.optim.Adam(self.net.parameters(), lr=1e-3)

        self.classes = setup["classes"]
        if "data" in setup:
            self.read(setup["data"], batch, size)

    def read(self, data, batch, size):
        count = data["cases"] * math.prod(size)
        with open(data["path"], "rb") as file:
            content = bytearray(file.read())
        images = torch.frombuffer(content, dtype=torch.float32, count=count)
        labels = torch.frombuffer(content, dtype=torch.uint8, offset=4 * count)
        self.images = images.reshape(-1, 1, *size)
        self.truths = labels.reshape(-1, *size).long()

    def train(self, batches):
        for indices in batches:
            self.x, self.labels = self.images[indices], self.truths[indices]
            loss = self.step()
        return loss

    def evaluate(self, indices):
        scores = [[] for _ in range(self.classes - 1)]
        with torch.no_grad():
            for index in indices:
                predicted, truth = self.net(self.images[[index]]).argmax(1), self.truths[[index]]
                for label in range(1, self.classes):
                    p, g = predicted == label, truth == label
                    if g.any():
                        scores[label - 1].append((2 * (p & g).sum() / (p.sum() + g.sum())).item())
        return [sum(of_class) / len(of_class) for of_class in scores]

    def step(self):
        self.optimizer.zero_grad()
        with torch.autocast("cpu", torch.bfloat16, enabled=self.bf16):
            logits = self.net(self.x)
        loss = dice_ce(logits.float(), self.labels)
        loss.backward()
        self.optimizer.step()
        return loss.item()


def answer(reply):
    print(json.dumps(reply), flush=True)


training = None
for line in sys.stdin:
    request = json.loads(line)
    if "setup" in request:
        training = Training(request["setup"])
        parameters = sum(p.numel() for p in training.net.parameters())
        answer({"ready": True, "parameters": parameters, "torch": torch.__version__})
    elif "batches" in request:
        answer({"loss": training.train(request["batches"])})
    elif "evaluate" in request:
        answer({"dice": training.evaluate(request["evaluate"])})
    else:
        seconds = []
        for _ in range(request["steps"]):
            start = time.perf_counter()
            loss = training.step()
            seconds.append(time.perf_counter() - start)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
        answer({"seconds": seconds, "loss": loss, "peakBytes": peak})
