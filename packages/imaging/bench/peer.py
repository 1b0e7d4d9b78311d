"""One turn of pydicom + SciPy: python peer.py FOLDER, as tutorials do it."""
import glob
import json
import os
import resource
import sys
import time

import numpy as np
import pydicom
from scipy.ndimage import affine_transform

start = time.perf_counter()
slices = [pydicom.dcmread(path) for path in glob.glob(os.path.join(sys.argv[1], "*"))]
slices.sort(key=lambda each: each.ImagePositionPatient[2])
first, last = slices[0], slices[-1]
volume = np.stack(
    [(each.pixel_array * each.RescaleSlope + each.RescaleIntercept).astype(np.float32) for each in slices], axis=-1
).transpose(1, 0, 2)[::-1, ::-1]  # columns, rows, slices; LPS to RAS
step = (last.ImagePositionPatient[2] - first.ImagePositionPatient[2]) / (len(slices) - 1)
spacing = np.array([first.PixelSpacing[1], first.PixelSpacing[0], step], dtype=float)
size = np.round((np.array(volume.shape) - 1) * spacing + 1).astype(int)
affine_transform(volume, 1 / spacing, output_shape=tuple(size), order=1, mode="nearest")
seconds = time.perf_counter() - start
print(json.dumps({"seconds": seconds, "peakMb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}))
