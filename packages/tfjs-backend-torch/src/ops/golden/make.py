"""Records what PyTorch computes for the operations of src/ops, forward and backward, as figures.json.

Run with a Python that has torch:  python make.py > figures.json
Tensors are channels last, filters [depth, height, width, in, out], as TensorFlow.js keeps them; values
are rounded to 6 decimals. `dy` weighs the output, so that every gradient is of sum(y * dy).
"""

import json
import sys

import torch
from torch.nn import functional as F

torch.manual_seed(20)


def seeded(*shape):
    return torch.randn(*shape, dtype=torch.float64, requires_grad=True)


def first(x):  # channels last -> channels second
    return x.movedim(-1, 1)


def last(x):
    return x.movedim(1, -1)


def record(value):
    value = value.detach()
    return {"shape": list(value.shape), "values": [round(v, 6) for v in value.flatten().tolist()]}


def case(name, options, inputs, compute):
    y = compute(**inputs)
    dy = torch.randn_like(y)
    (y * dy).sum().backward()
    return {
        "name": name,
        "options": options,
        "inputs": {key: record(value) for key, value in inputs.items()},
        "dy": record(dy),
        "y": record(y),
        "gradients": {key: record(value.grad) for key, value in inputs.items()},
    }


def conv(shape, filter_shape, strides, padding):
    inputs = {"x": seeded(*shape), "filter": seeded(*filter_shape), "bias": seeded(filter_shape[-1])}
    options = {"strides": strides, "padding": padding}

    def compute(x, filter, bias):
        weight = filter.permute(4, 3, 0, 1, 2)
        return last(F.conv3d(first(x), weight, bias, strides, padding))

    return case("conv3d", options, inputs, compute)


def conv_transpose(shape, filter_shape, strides, padding, output_padding):
    inputs = {"x": seeded(*shape), "filter": seeded(*filter_shape), "bias": seeded(filter_shape[-2])}
    options = {"strides": strides, "padding": padding, "outputPadding": output_padding}

    def compute(x, filter, bias):
        weight = filter.permute(4, 3, 0, 1, 2)
        return last(F.conv_transpose3d(first(x), weight, bias, strides, padding, output_padding))

    return case("conv3dTranspose", options, inputs, compute)


def norm(shape, epsilon):
    inputs = {"x": seeded(*shape), "scale": seeded(shape[-1]), "offset": seeded(shape[-1])}

    def compute(x, scale, offset):
        return last(F.instance_norm(first(x), weight=scale, bias=offset, eps=epsilon))

    return case("instanceNorm", {"epsilon": epsilon}, inputs, compute)


def group_norm(shape, groups, epsilon):
    inputs = {"x": seeded(*shape), "scale": seeded(shape[-1]), "offset": seeded(shape[-1])}

    def compute(x, scale, offset):
        return last(F.group_norm(first(x), groups, scale, offset, epsilon))

    return case("groupNorm", {"groups": groups, "epsilon": epsilon}, inputs, compute)


def batch_norm(shape, epsilon):
    inputs = {"x": seeded(*shape), "scale": seeded(shape[-1]), "offset": seeded(shape[-1])}

    def compute(x, scale, offset):
        return last(F.batch_norm(first(x), None, None, scale, offset, training=True, eps=epsilon))

    return case("batchNorm", {"epsilon": epsilon}, inputs, compute)


def upsample(shape, size, mode, align_corners):
    options = {"size": size, "mode": mode, "alignCorners": align_corners}
    corners = {} if mode == "nearest" else {"align_corners": align_corners}

    def compute(x):
        return last(F.interpolate(first(x), size=size, mode=mode, **corners))

    return case("upsample3d", options, {"x": seeded(*shape)}, compute)


def prelu(shape, slopes):
    inputs = {"x": seeded(*shape), "alpha": seeded(slopes)}
    return case("prelu", {}, inputs, lambda x, alpha: last(F.prelu(first(x), alpha)))


def norm_prelu(shape, slopes, epsilon):
    inputs = {"x": seeded(*shape), "alpha": seeded(slopes)}

    def compute(x, alpha):
        return last(F.prelu(F.instance_norm(first(x), eps=epsilon), alpha))

    return case("instanceNormPrelu", {"epsilon": epsilon}, inputs, compute)


def adam(steps, options):
    values = [seeded(2, 3), seeded(4)]
    start = [record(v) for v in values]
    optimizer = torch.optim.Adam(
        values, lr=options["learningRate"], betas=(options["beta1"], options["beta2"]), eps=options["epsilon"]
    )
    gradients = []
    for _ in range(steps):
        step = [torch.randn_like(v) for v in values]
        gradients.append([record(g) for g in step])
        for value, gradient in zip(values, step):
            value.grad = gradient
        optimizer.step()
    return {"options": options, "start": start, "gradients": gradients, "end": [record(v) for v in values]}


def clipping(gradients, clip):
    """`clip` is done in place to copies; what it returns, if anything, is the norm before."""
    parameters = [torch.zeros_like(g, requires_grad=True) for g in gradients]
    for parameter, gradient in zip(parameters, gradients):
        parameter.grad = gradient.clone()
    norm = clip(parameters)
    return {
        "norm": None if norm is None else round(norm.item(), 6),
        "clipped": [record(p.grad) for p in parameters],
    }


def clippings():
    gradients = [torch.randn(2, 3, dtype=torch.float64), torch.randn(4, dtype=torch.float64)]
    norm = lambda limit: lambda parameters: torch.nn.utils.clip_grad_norm_(parameters, limit)
    value = lambda limit: lambda parameters: torch.nn.utils.clip_grad_value_(parameters, limit)
    return {
        "gradients": [record(g) for g in gradients],
        "byNorm": [{"maxNorm": limit, **clipping(gradients, norm(limit))} for limit in (0.5, 100)],
        "byValue": [{"limit": limit, **clipping(gradients, value(limit))} for limit in (0.25,)],
    }


if __name__ == "__main__":
    json.dump(
        {
            "madeBy": f"src/ops/golden/make.py, torch {torch.__version__}, float64",
            "cases": [
                conv((2, 3, 4, 5, 2), (3, 3, 3, 2, 3), [1, 1, 1], [1, 1, 1]),
                conv((1, 4, 4, 5, 1), (3, 3, 3, 1, 2), [2, 2, 2], [1, 1, 1]),
                conv((1, 4, 3, 5, 2), (2, 1, 3, 2, 2), [2, 1, 2], [0, 0, 2]),
                conv_transpose((1, 2, 3, 2, 3), (3, 3, 3, 2, 3), [2, 2, 2], [1, 1, 1], [1, 1, 1]),
                conv_transpose((2, 2, 3, 2, 1), (2, 3, 2, 2, 1), [1, 2, 2], [0, 1, 0], [0, 0, 1]),
                norm((2, 2, 3, 4, 3), 1e-5),
                group_norm((2, 2, 3, 2, 4), 2, 1e-5),
                batch_norm((2, 2, 3, 2, 3), 1e-3),
                upsample((1, 2, 3, 2, 2), [4, 6, 5], "nearest", False),
                upsample((2, 2, 3, 2, 1), [4, 5, 4], "trilinear", False),
                upsample((1, 2, 3, 1, 2), [3, 6, 2], "trilinear", True),
                prelu((2, 2, 3, 2, 3), 1),
                prelu((2, 2, 3, 2, 3), 3),
                norm_prelu((2, 2, 3, 4, 3), 1, 1e-5),
                norm_prelu((2, 3, 2, 5, 5), 5, 1e-3),
            ],
            "adam": adam(3, {"learningRate": 0.01, "beta1": 0.9, "beta2": 0.99, "epsilon": 1e-6}),
            "clipping": clippings(),
        },
        sys.stdout,
    )
