"""Writes `hausdorff.json` beside it: 95 % Hausdorff distances of random blobs by SciPy.

    pip install numpy scipy
    python hausdorff.golden.py

As `monai.metrics.compute_hausdorff_distance(percentile=95)`: surfaces are masks minus their 6-neighbour
erosion, distances are Euclidean in mm to the nearest surface voxel of the other mask, the 95th
percentile is NumPy's, and the larger of the two directions counts. Masks are recorded as the indices of
their voxels, first axis fastest.
"""

import json
from pathlib import Path

import numpy as np
import scipy
from scipy.ndimage import binary_erosion, distance_transform_edt, gaussian_filter


def surface(mask):
    return mask & ~binary_erosion(mask)


def directed(a, b, spacing):
    return np.percentile(distance_transform_edt(~surface(b), sampling=spacing)[surface(a)], 95)


def blob(random, shape):
    noise = gaussian_filter(random.standard_normal(shape), 1.5)
    return noise > np.quantile(noise, random.uniform(0.5, 0.97))


def indices(mask):
    return np.flatnonzero(mask.ravel(order="F")).tolist()


random = np.random.default_rng(95)
cases = []
for shape, spacing in [
    ((9, 8, 7), (1.0, 1.0, 1.0)),
    ((6, 10, 5), (0.5, 1.25, 3.0)),
    ((12, 3, 4), (2.0, 0.7, 1.1)),
    ((1, 9, 9), (5.0, 0.9, 0.9)),
]:
    a, b = blob(random, shape), blob(random, shape)
    hd95 = max(directed(a, b, spacing), directed(b, a, spacing))
    case = {"shape": shape, "spacingMm": spacing, "a": indices(a), "b": indices(b), "hd95Mm": hd95}
    cases.append(case)

golden = {"numpy": np.__version__, "scipy": scipy.__version__, "cases": cases}
Path(__file__).with_name("hausdorff.json").write_text(json.dumps(golden) + "\n")
