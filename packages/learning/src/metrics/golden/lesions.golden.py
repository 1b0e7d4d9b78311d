"""Writes `lesions.json` beside it: lesions found and FROC curves of random blobs by SciPy and NumPy.

    pip install numpy scipy
    python lesions.golden.py

Components are those of `scipy.ndimage.label`. A predicted one hits a lesion where their intersection over
union is at least the overlap. Of what hits a lesion the highest score counts; what hits none is a false
positive. Sensitivities at rates of false positives are read off the curve by `numpy.interp`, as LUNA16's
evaluation script does. Voxels are recorded as their indices, first axis fastest; scores as 64ths.
"""

import json
from pathlib import Path

import numpy as np
import scipy
from scipy.ndimage import gaussian_filter, generate_binary_structure, label

RATES = [1 / 8, 1 / 4, 1 / 2, 1, 2, 4, 8]
SHAPE = (14, 12, 10)


def scan(random):
    noise = gaussian_filter(random.standard_normal(SHAPE), 0.8)
    other = gaussian_filter(random.standard_normal(SHAPE), 0.8)
    reference = noise > np.quantile(noise, 0.93)
    near = 0.6 * noise + 0.4 * other
    predicted = near > np.quantile(near, random.uniform(0.88, 0.97))
    scores = random.integers(1, 65, SHAPE)
    return reference, predicted, scores


def hits(reference, predicted, scores, rank, overlap):
    structure = generate_binary_structure(3, rank)
    lesions, lesion_count = label(reference, structure)
    candidates, candidate_count = label(predicted, structure)
    found = [None] * lesion_count
    false = []
    for candidate in range(1, candidate_count + 1):
        mask = candidates == candidate
        score = int(scores[mask].max())
        hit = False
        for lesion in range(1, lesion_count + 1):
            own = lesions == lesion
            if (mask & own).sum() / (mask | own).sum() >= overlap:
                hit = True
                best = found[lesion - 1]
                found[lesion - 1] = score if best is None else max(best, score)
        if not hit:
            false.append(score)
    return found, false


def froc(cases):
    found = [score for lesions, _ in cases for score in lesions]
    false = [score for _, wrong in cases for score in wrong]
    points = [(0.0, 0.0)]
    for threshold in sorted({s for s in found + false if s is not None}, reverse=True):
        sensitivity = sum(s is not None and s >= threshold for s in found) / len(found)
        points.append((sum(s >= threshold for s in false) / len(cases), sensitivity))
    rates, sensitivities = zip(*points)
    return np.interp(RATES, rates, sensitivities).tolist()


def indices(mask):
    return np.flatnonzero(mask.ravel(order="F")).tolist()


random = np.random.default_rng(16)
scans = [scan(random) for _ in range(5)]
recorded = []
for reference, predicted, scores in scans:
    at = indices(predicted)
    of = scores.ravel(order="F")[at].tolist()
    recorded.append({"reference": indices(reference), "predicted": at, "scores": of})
rules = []
for rank, neighbours in [(3, 26), (2, 18), (1, 6)]:
    for overlap in [0.1, 0.3]:
        cases = [hits(*each, rank, overlap) for each in scans]
        by_case = [{"found": sorted(s or 0 for s in f), "false": sorted(w)} for f, w in cases]
        rule = {"neighbours": neighbours, "overlap": overlap}
        rules.append({**rule, "cases": by_case, "froc": froc(cases)})

golden = {"numpy": np.__version__, "scipy": scipy.__version__, "shape": SHAPE}
golden |= {"rates": RATES, "scans": recorded, "rules": rules}
Path(__file__).with_name("lesions.json").write_text(json.dumps(golden) + "\n")
