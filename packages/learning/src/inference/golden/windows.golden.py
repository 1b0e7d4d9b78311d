"""Writes `windows.json` beside it: weights of windows, and windows blended by them, by NumPy and SciPy.

    pip install numpy scipy
    python windows.golden.py

As `monai.inferers.sliding_window_inference(mode="gaussian", sigma_scale=0.125)`: weights are the outer product
of Gaussians of an eighth of each axis, never below the larger of their least and 0.001; a window starts every
max(1, int(roi * (1 - overlap))) voxels, the last one shifted back to fit; a voxel is the mean of what windows say
of it, weighted. What each says here is a logistic function of where a voxel lies in the window, x / 2 - y + z / 4,
and of the voxel itself, sin of its number. Everything is in float64, first axis fastest.
"""

import json
from pathlib import Path

import numpy as np
import scipy
from scipy.signal.windows import gaussian


def weights(size):
    axes = [gaussian(n, std=0.125 * n, sym=True) for n in size]
    product = np.einsum("i,j,k->ijk", *axes)
    return np.maximum(product, max(product.min(), 1e-3))


def starts(size, roi, overlap):
    step = max(1, int(roi * (1 - overlap)))
    found = list(range(0, size - roi, step))
    return [start for start in found if start + roi < size] + [size - roi]


def blended(shape, roi, overlap):
    image = np.sin(np.arange(np.prod(shape), dtype=np.float64)).reshape(shape, order="F")
    x, y, z = np.meshgrid(*(np.arange(n) for n in roi), indexing="ij")
    weight = weights(roi)
    total, mean = np.zeros(shape), np.zeros(shape)
    for i in starts(shape[0], roi[0], overlap):
        for j in starts(shape[1], roi[1], overlap):
            for k in starts(shape[2], roi[2], overlap):
                box = np.s_[i : i + roi[0], j : j + roi[1], k : k + roi[2]]
                said = 1 / (1 + np.exp(-(image[box] + x / 2 - y + z / 4)))
                mean[box] += weight * said
                total[box] += weight
    return mean / total


def flat(values):
    return [round(float(value), 9) for value in values.ravel(order="F")]


SIZES = [(5, 4, 3), (8, 6, 1), (9, 2, 9)]
BLENDS = [((9, 7, 6), (4, 4, 4), 0.25), ((7, 5, 4), (4, 2, 3), 0.5)]

golden = {
    "numpy": np.__version__,
    "scipy": scipy.__version__,
    "weights": [{"size": size, "values": flat(weights(size))} for size in SIZES],
    "blends": [
        {"shape": shape, "roi": roi, "overlap": overlap, "values": flat(blended(shape, roi, overlap))}
        for shape, roi, overlap in BLENDS
    ],
}
Path(__file__).with_name("windows.json").write_text(json.dumps(golden, indent=1) + "\n")
