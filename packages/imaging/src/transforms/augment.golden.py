"""What random steps do once their parameters are drawn, worked out by NumPy and SciPy.

Run: python augment.golden.py > augment.golden.json
"""
import json
import sys

import numpy as np
import scipy
from numpy.polynomial.legendre import leggrid3d
from scipy.ndimage import correlate1d, map_coordinates
from scipy.spatial.transform import Rotation
from scipy.special import erf

rng = np.random.default_rng(17)
SHAPE = (7, 6, 5)
IMAGE = np.round(rng.normal(100, 40, SHAPE), 3)
LABEL = rng.integers(0, 3, SHAPE)


def flat(array):
    return np.round(np.asarray(array, dtype=np.float64), 6).ravel(order="F").tolist()


def kernel(sigma):
    tail = int(max(sigma * 4, 0.5) + 0.5)
    x = np.arange(-tail, tail + 1)
    weights = 0.5 * (erf((x + 0.5) / (np.sqrt(2) * sigma)) - erf((x - 0.5) / (np.sqrt(2) * sigma)))
    return weights / weights.sum()


def smooth(image, sigmas):
    for axis, sigma in enumerate(sigmas):
        image = correlate1d(image, kernel(sigma), axis, mode="nearest")
    return image


def gamma(image, power):
    low, width = image.min(), np.ptp(image)
    return ((image - low) / width) ** power * width + low


def bias(image, terms):
    coefficients = np.zeros((4, 4, 4))
    for term in terms:
        coefficients[tuple(term["orders"])] = term["coefficient"]
    axes = [np.linspace(-1, 1, n) for n in image.shape]
    return image * np.exp(leggrid3d(*axes, coefficients))


def indices():
    return np.stack(np.meshgrid(*[np.arange(n, dtype=float) for n in SHAPE], indexing="ij"))


def sample(at):
    clamped = [np.clip(at[axis], 0, SHAPE[axis] - 1) for axis in range(3)]
    linear = map_coordinates(IMAGE, clamped, order=1, mode="nearest")
    nearest = LABEL[tuple(np.rint(each).astype(int) for each in clamped)]
    return linear, nearest


def affine(degrees, scale, translate):
    centre = (np.array(SHAPE) - 1) / 2
    matrix = Rotation.from_euler("XYZ", degrees, degrees=True).as_matrix()
    offsets = (indices().reshape(3, -1).T - centre) * scale + translate
    at = (offsets @ matrix.T + centre).T.reshape(3, *SHAPE)
    inside = np.all([(at[a] >= -0.5) & (at[a] <= SHAPE[a] - 0.5) for a in range(3)], axis=0)
    linear, nearest = sample(at)
    return np.where(inside, linear, 0), np.where(inside, nearest, 0)


def low_resolution(zoom):
    """Coarse voxels are boxes that share the box of the whole: nearest going down, linear coming back."""
    coarse, back = IMAGE, []
    for axis, n in enumerate(SHAPE):
        m = int(np.round(n * zoom))
        centres = (np.arange(m) + 0.5) * n / m - 0.5
        coarse = np.take(coarse, np.rint(centres).astype(int), axis)
        back.append(np.clip((np.arange(n) + 0.5) * m / n - 0.5, 0, m - 1))
    return map_coordinates(coarse, np.meshgrid(*back, indexing="ij"), order=1, mode="nearest")


terms = [{"orders": [a, b, c], "coefficient": float(np.round(rng.uniform(0, 0.3), 4))}
         for a in range(4) for b in range(4 - a) for c in range(4 - a - b)]
offsets = np.round(rng.uniform(-2, 2, (3, *SHAPE)), 4)
warp = {"degrees": [20, -35, 10], "scale": [0.9, 1.2, 1.05], "translate": [0.6, -0.4, 1.1]}
warped_image, warped_label = affine(**warp)
displaced_image, displaced_label = sample(indices() + offsets)
normals = np.round(rng.standard_normal(SHAPE), 4)

json.dump({
    "provenance": f"numpy {np.__version__}, scipy {scipy.__version__}, augment.golden.py",
    "shape": SHAPE, "image": flat(IMAGE), "label": flat(LABEL),
    "erf": [[x, float(erf(x))] for x in (-6, -2.6, -1, -0.1, 0, 1e-9, 0.5, 1.7, 2.49, 2.51, 3.5, 5)],
    "smooth": {"sigmas": [0.5, 1.3, 0.25], "expected": flat(smooth(IMAGE, [0.5, 1.3, 0.25]))},
    "gamma": {"power": 0.6, "expected": flat(gamma(IMAGE, 0.6))},
    "bias": {"terms": terms, "expected": flat(bias(IMAGE, terms))},
    "warp": {**warp, "image": flat(warped_image), "label": flat(warped_label)},
    "displace": {"offsets": [flat(each) for each in offsets],
                 "image": flat(displaced_image), "label": flat(displaced_label)},
    "noise": {"deviation": 12.5, "normals": flat(normals), "expected": flat(IMAGE + 12.5 * normals)},
    "lowResolution": {"zoom": 0.6, "expected": flat(low_resolution(0.6))},
}, sys.stdout)
print()
