"""Orientation codes and voxel sizes as nibabel works them out, and inverses by NumPy.

Run: python geometry.golden.py > geometry.golden.json
"""
import json
import sys

import nibabel as nib
import numpy as np
from scipy.spatial.transform import Rotation

rng = np.random.default_rng(3)


def case():
    signs = np.diag(rng.choice([-1, 1], 3))
    axes = np.eye(3)[rng.permutation(3)]
    oblique = Rotation.from_rotvec(rng.normal(0, 0.25, 3)).as_matrix()
    affine = np.eye(4)
    affine[:3, :3] = oblique @ axes @ signs @ np.diag(rng.uniform(0.3, 6, 3))
    affine[:3, 3] = rng.uniform(-200, 200, 3)
    return {
        "affine": affine.ravel().tolist(),
        "orientation": "".join(nib.aff2axcodes(affine)),
        "spacingMm": nib.affines.voxel_sizes(affine).tolist(),
        "inverse": np.linalg.inv(affine).ravel().tolist(),
    }


json.dump(
    {"provenance": f"nibabel {nib.__version__}, numpy {np.__version__}, geometry.golden.py",
     "cases": [case() for _ in range(20)]},
    sys.stdout,
    indent=1,
)
print()
