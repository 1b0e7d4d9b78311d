"""Records what PyTorch computes for what transformers are made of, as transformer.json.

Run with a Python that has torch:  python transformer.py > transformer.json
Tensors and figures are as in make.py. Attention is written out, as papers have it.
"""

import json
import sys

import torch
from make import case, seeded
from torch.nn import functional as F

torch.manual_seed(21)


def gelu(*shape):
    return case("gelu", {}, {"x": seeded(*shape)}, F.gelu)


def linear(shape, outputs, biased):
    inputs = {"x": seeded(*shape), "weight": seeded(outputs, shape[-1])}
    if biased:
        inputs["bias"] = seeded(outputs)

    def compute(x, weight, bias=None):
        return F.linear(x, weight, bias)

    return case("linear", {}, inputs, compute)


def layer_norm(shape, affine, epsilon):
    inputs = {"x": seeded(*shape)}
    if affine:
        inputs.update(scale=seeded(shape[-1]), offset=seeded(shape[-1]))

    def compute(x, scale=None, offset=None):
        return F.layer_norm(x, shape[-1:], scale, offset, epsilon)

    return case("layerNorm", {"epsilon": epsilon}, inputs, compute)


def attention(windows, tokens, heads, d, kinds=None):
    inputs = {"projected": seeded(windows, tokens, 3 * heads * d), "bias": seeded(heads, tokens, tokens)}
    masks = None
    if kinds is not None:
        masks = torch.randn(max(kinds), tokens, tokens, dtype=torch.float64).round(decimals=6)

    def compute(projected, bias):
        q, k, v = projected.reshape(windows, tokens, 3, heads, d).permute(2, 0, 3, 1, 4)
        logits = q @ k.transpose(-1, -2) / d**0.5 + bias
        if masks is not None:
            with_none = torch.cat([torch.zeros_like(masks[:1]), masks])
            logits = logits + with_none[kinds * (windows // len(kinds))].unsqueeze(1)
        y = torch.softmax(logits, -1) @ v
        return y.transpose(1, 2).reshape(windows, tokens, heads * d)

    options = {} if masks is None else {"masks": masks.tolist(), "kinds": kinds}
    return case("windowAttention", options, inputs, compute)


json.dump(
    {
        "madeBy": f"src/ops/golden/transformer.py, torch {torch.__version__}, float64",
        "cases": [
            gelu(3, 2, 5),
            linear((2, 3, 2, 4), 3, True),
            linear((5, 2), 4, False),
            layer_norm((2, 3, 2, 5), True, 1e-5),
            layer_norm((3, 4), False, 1e-3),
            attention(2, 3, 2, 2),
            attention(6, 4, 2, 1, [0, 1, 2]),
        ],
    },
    sys.stdout,
)
