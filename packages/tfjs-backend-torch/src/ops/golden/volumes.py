"""Records what PyTorch makes of sampled and convolved volumes: volumes.json.

Run by hand with a Python that has torch: python volumes.py. float64 throughout, seed 5.
Flattened x fastest. index_of maps an output index (x, y, z) to a source index.
"""

import json
from pathlib import Path

import torch
import torch.nn.functional as F

torch.manual_seed(5)
SOURCE = (5, 4, 6)  # x, y, z
TARGET = (4, 6, 5)

GRIDS = {
    "scaled": [[0.8, 0, 0, 0.1], [0, 0.55, 0, -0.3], [0, 0, 1.4, 0.2]],
    "flipped and permuted": [[0, -0.7, 0, 4.2], [0, 0, 0.9, -0.6], [1.3, 0, 0, 0.5]],
    "oblique": [[0.9, 0.2, -0.1, 0.313], [-0.2, 0.6, 0.15, 0.417], [0.1, -0.2, 1.1, 0.931]],
    "at halves": [[1, 0, 0, 0.5], [0, 0.5, 0, 0], [0, 0, 1, -0.5]],
}


def sampled(volume, points, mode):
    """volume [z, y, x], points [..., 3] in voxels along x, y, z; coordinates end at the border."""
    size = torch.tensor(SOURCE, dtype=torch.float64)
    normalised = 2 * points / (size - 1) - 1
    options = dict(mode=mode, padding_mode="border", align_corners=True)
    return F.grid_sample(volume[None, None], normalised[None], **options)[0, 0]


def index_grid(shape):
    z, y, x = torch.meshgrid(*(torch.arange(n, dtype=torch.float64) for n in shape[::-1]), indexing="ij")
    return torch.stack([x, y, z], -1)


def flat(tensor):
    return [round(value, 7) for value in tensor.flatten().tolist()]


volume = torch.round(torch.randn(SOURCE[::-1], dtype=torch.float64) * 1000) / 1000
grids = []
for name, rows in GRIDS.items():
    index_of = torch.tensor(rows, dtype=torch.float64)
    points = index_grid(TARGET) @ index_of[:, :3].T + index_of[:, 3]
    grids.append(
        dict(
            name=name,
            indexOf=index_of.flatten().tolist(),
            linear=flat(sampled(volume, points, "bilinear")),
            nearest=flat(sampled(volume, points, "nearest")),
        )
    )

offsets = torch.round((torch.rand(*SOURCE[::-1], 3, dtype=torch.float64) * 6 - 3) * 64) / 64
points = index_grid(SOURCE) + offsets
displaced = dict(
    offsets=[flat(offsets[..., axis]) for axis in range(3)],
    linear=flat(sampled(volume, points, "bilinear")),
    nearest=flat(sampled(volume, points, "nearest")),
)

kernels = [[0.25, 0.5, 0.25], [1.0], [0.1, 0.2, 0.3, 0.25, 0.15]]
result = volume[None, None]
for axis, weights in enumerate(kernels):
    shape = [1, 1, 1]
    shape[2 - axis] = len(weights)
    radius = len(weights) // 2
    padding = [0] * 6
    padding[2 * axis] = padding[2 * axis + 1] = radius
    filters = torch.tensor(weights, dtype=torch.float64).reshape(1, 1, *shape)
    result = F.conv3d(F.pad(result, padding, mode="replicate"), filters)

figures = dict(
    provenance=f"volumes.py, PyTorch {torch.__version__}: grid_sample and conv3d in float64",
    source=SOURCE,
    target=TARGET,
    volume=flat(volume),
    grids=grids,
    displaced=displaced,
    convolved=dict(kernels=kernels, expected=flat(result)),
)
Path(__file__).with_name("volumes.json").write_text(json.dumps(figures) + "\n")
