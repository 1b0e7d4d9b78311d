"""Deterministic transforms worked out by NumPy, SciPy and nibabel from MONAI's rules.

Run: python transforms.golden.py > transforms.golden.json
"""
import json
import sys

import nibabel as nib
import numpy as np
import scipy
from scipy.ndimage import affine_transform
from scipy.spatial.transform import Rotation

rng = np.random.default_rng(5)


def flat(array):
    array = np.round(np.asarray(array, dtype=np.float64), 5)
    return [int(each) if each == int(each) else each for each in array.ravel(order="F").tolist()]


def described(image, label, affine):
    return {"shape": list(image.shape), "affine": affine.ravel().tolist(),
            "image": flat(image), "label": flat(label)}


def source(shape, axes="LPS", oblique=0.0, shear=0.0):
    zooms = rng.uniform(0.6, 3.0, 3)
    ornt = nib.orientations.inv_ornt_aff(
        nib.orientations.axcodes2ornt(tuple(axes)), shape)
    affine = np.eye(4)
    affine[:3, :3] = Rotation.from_rotvec([oblique, -oblique / 2, oblique / 3]).as_matrix()
    affine = affine @ np.linalg.inv(ornt) @ np.diag([*zooms, 1])
    affine[:3, 2] += shear * affine[:3, 1]
    affine[:3, 3] += rng.uniform(-50, 50, 3)
    image = np.round(rng.normal(100, 40, shape), 3).astype(np.float32)
    label = rng.integers(0, 3, shape)
    return image, label, affine


def orient(image, label, affine):
    transform = nib.orientations.io_orientation(affine)
    moved = [nib.orientations.apply_orientation(each, transform) for each in (image, label)]
    return *moved, affine @ nib.orientations.inv_ornt_aff(transform, image.shape)


def spacing(image, label, affine, target):
    rzs = affine[:3, :3]
    upper = np.linalg.cholesky(rzs.T @ rzs).T
    axes = rzs @ np.linalg.inv(upper) @ np.diag(np.sign(np.diag(upper)) * target)
    new = np.eye(4)
    new[:3, :3] = axes
    limits = [(0, n - 1) for n in image.shape]
    corners = np.array([[x, y, z, 1] for x in limits[0] for y in limits[1] for z in limits[2]]).T
    world = affine @ corners
    index = (np.linalg.inv(new) @ world)[:3]
    shape = np.round(np.ptp(index, axis=1) + 1).astype(int)
    lowest = [at for at in range(8) if np.allclose(index[:, at], index.min(1), atol=1e-6)]
    if lowest:
        new[:3, 3] = world[:3, lowest[0]]
    else:
        middle = lambda n: (np.array(n) - 1) / 2
        new[:3, 3] = affine[:3, :3] @ middle(image.shape) + affine[:3, 3] - axes @ middle(shape)
    return *sample(image, label, affine, new, shape), new


def sample(image, label, affine, new, shape):
    matrix = np.linalg.inv(affine) @ new
    linear = affine_transform(image.astype(np.float64), matrix, output_shape=tuple(shape),
                              order=1, mode="nearest").astype(np.float32)
    grid = np.stack([*np.meshgrid(*[np.arange(n) for n in shape], indexing="ij"), np.ones(shape)])
    at = np.einsum("ij,jxyz->ixyz", matrix, grid)[:3]
    nearest = [np.rint(np.clip(at[axis], 0, image.shape[axis] - 1)).astype(int) for axis in range(3)]
    return linear, label[tuple(nearest)]


def zscore(image, nonzero):
    mask = image != 0 if nonzero else np.ones(image.shape, bool)
    values = image[mask].astype(np.float64)
    result = np.zeros(image.shape)
    result[mask] = (values - values.mean()) / (values.std() or 1)
    return result.astype(np.float32)


def crop_or_pad(array, affine, size):
    affine = affine.copy()
    for axis, wanted in enumerate(size):
        have = array.shape[axis]
        if wanted > have:
            before = (wanted - have) // 2
            widths = [(0, 0)] * 3
            widths[axis] = (before, wanted - have - before)
            array = np.pad(array, widths)
            first = -before
        else:
            first = have // 2 - wanted // 2
            array = np.take(array, np.arange(first, first + wanted), axis)
        affine[:3, 3] += affine[:3, axis] * first
    return array, affine


def nyul(image, ranks, landmarks):
    own = np.percentile(image[image > 0].astype(np.float64), ranks)
    mapped = np.interp(image, own, landmarks)
    below = landmarks[0] + (image - own[0]) * (landmarks[1] - landmarks[0]) / (own[1] - own[0])
    above = landmarks[-1] + (image - own[-1]) * (landmarks[-1] - landmarks[-2]) / (own[-1] - own[-2])
    mapped = np.where(image < own[0], below, np.where(image > own[-1], above, mapped))
    return np.where(image > 0, mapped, image)


def steps_case(name, given, steps):
    image, label, affine = given
    before = described(image, label, affine)
    for step in steps:
        if step["kind"] == "orient":
            image, label, affine = orient(image, label, affine)
        elif step["kind"] == "resample":
            image, label, affine = spacing(image, label, affine, np.array(step["spacingMm"]))
        elif step["kind"] == "zscore":
            image = zscore(image, step["nonzero"])
        elif step["kind"] == "intensity-range":
            (a_min, a_max), (b_min, b_max) = step["from"], step["to"]
            image = (image.astype(np.float64) - a_min) / (a_max - a_min) * (b_max - b_min) + b_min
            image = np.clip(image, b_min, b_max) if step["clip"] else image
        elif step["kind"] == "percentile-clip":
            values = image[image != 0] if step["nonzero"] else image
            image = np.clip(image, *np.percentile(values.astype(np.float64), [step["lower"], step["upper"]]))
        elif step["kind"] == "standardize-histogram":
            image = nyul(image, step["percentiles"], step["landmarks"])
        elif step["kind"] == "crop-foreground":
            inside = np.argwhere(image > step["above"])
            start = np.maximum(inside.min(0) - step["marginVoxels"], 0)
            end = np.minimum(inside.max(0) + 1 + step["marginVoxels"], image.shape)
            box = tuple(slice(*each) for each in zip(start, end))
            image, label = image[box], label[box]
            affine = affine.copy()
            affine[:3, 3] += affine[:3, :3] @ start
        else:
            cropped, _ = crop_or_pad(label, affine, step["size"])
            image, affine = crop_or_pad(image, affine, step["size"])
            label = cropped
    return {"name": name, "steps": steps, "before": before, "after": described(image, label, affine)}


ORIENT = {"kind": "orient", "axes": "RAS"}


def resample(*spacing_mm):
    return {"kind": "resample", "spacingMm": list(spacing_mm)}


def resize(*size):
    return {"kind": "crop-or-pad", "size": list(size)}


holes = source((4, 5, 3))
holes[0][rng.random((4, 5, 3)) < 0.4] = 0
constant = source((3, 3, 3))
constant[0][:] = 7

cases = [
    *[steps_case(f"orient {axes}", source((3, 4, 5), axes), [ORIENT]) for axes in ("RAS", "LPS", "PIR", "SAL", "ILP")],
    steps_case("orient an oblique scan", source((3, 4, 5), "LIP", oblique=0.3), [ORIENT]),
    steps_case("resample finer", source((5, 6, 4)), [resample(0.7, 0.9, 0.5)]),
    steps_case("resample coarser", source((9, 8, 7)), [resample(2.5, 3.1, 4)]),
    steps_case("resample an oblique scan along its own axes", source((5, 6, 4), "RAS", oblique=0.4), [resample(1, 1, 1)]),
    steps_case("resample a sheared scan to a rectangular grid", source((5, 6, 4), shear=0.3), [resample(1, 1, 1)]),
    steps_case("resample a scan sheared the other way", source((5, 6, 7), shear=-0.45), [resample(1, 1.2, 1)]),
    steps_case("resample one slice", source((4, 4, 1)), [resample(1, 1, 1)]),
    steps_case("orient, then resample", source((6, 5, 4), "PIR", oblique=0.2), [ORIENT, resample(1, 1.5, 2)]),
    steps_case("z-score", source((4, 5, 3)), [{"kind": "zscore", "nonzero": False}]),
    steps_case("z-score of what is not 0", holes, [{"kind": "zscore", "nonzero": True}]),
    steps_case("z-score of a constant", constant, [{"kind": "zscore", "nonzero": False}]),
    steps_case("crop and pad, odd and even", source((5, 4, 6)), [resize(2, 7, 3)]),
    steps_case("crop by one, pad by one", source((5, 4, 6)), [resize(4, 5, 6)]),
    steps_case("a whole pipeline", source((7, 6, 5), "LPS", oblique=0.1),
               [ORIENT, resample(1.2, 1.2, 1.5), {"kind": "zscore", "nonzero": False}, resize(8, 6, 5)]),
]
blob = source((6, 5, 7))
blob[0][:] = -1
blob[0][2:4, 1:3, 3:6] = 5
cases += [
    steps_case("intensity range, clipped", source((4, 5, 3)),
               [{"kind": "intensity-range", "from": [60, 140], "to": [-1, 1], "clip": True}]),
    steps_case("intensity range, not clipped", source((4, 5, 3)),
               [{"kind": "intensity-range", "from": [60, 140], "to": [0, 1], "clip": False}]),
    steps_case("percentile clip", source((4, 5, 3)),
               [{"kind": "percentile-clip", "lower": 5, "upper": 92.5, "nonzero": False}]),
    steps_case("percentile clip of what is not 0", holes,
               [{"kind": "percentile-clip", "lower": 10, "upper": 80, "nonzero": True}]),
    steps_case("histogram standardisation", holes,
               [{"kind": "standardize-histogram", "percentiles": [1, 25, 50, 75, 99], "landmarks": [0, 30, 45, 70, 100]}]),
    steps_case("crop to the foreground", blob, [{"kind": "crop-foreground", "above": 0, "marginVoxels": 0}]),
    steps_case("crop to the foreground with a margin", blob, [{"kind": "crop-foreground", "above": 0, "marginVoxels": 2}]),
]
json.dump(
    {"provenance": f"numpy {np.__version__}, scipy {scipy.__version__}, nibabel {nib.__version__}, transforms.golden.py",
     "cases": cases},
    sys.stdout,
)
print()
