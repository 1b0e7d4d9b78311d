"""The peer of averaging: NumPy's float64 mean of the same files, in the best of the ways that one would write it.

Usage: numpy_mean.py BASE HEADER_BYTES TIMES DELTA...   prints the seconds of the fastest turn
"""

import sys
import time

import numpy as np


def values(path, header):
    return np.memmap(path, dtype=np.float32, mode="r", offset=header)


def whole(base, deltas):
    """The sum in one array, as most write it."""
    total = np.zeros(base.shape, np.float64)
    for delta in deltas:
        total += delta
    total /= len(deltas)
    return (base + total).astype(np.float32)


def in_blocks(base, deltas, length=1 << 16):
    """The same, block by block, so that sums stay in the cache."""
    model = np.empty(base.shape, np.float32)
    total = np.empty(length, np.float64)
    for at in range(0, len(base), length):
        block = slice(at, min(at + length, len(base)))
        part = total[: block.stop - at]
        part[:] = 0
        for delta in deltas:
            part += delta[block]
        part /= len(deltas)
        part += base[block]
        model[block] = part
    return model


def main():
    base_path, header, times, *paths = sys.argv[1:]
    header = int(header)
    fastest = float("inf")
    for _ in range(int(times)):
        for mean in (whole, in_blocks):
            begun = time.perf_counter()
            base = values(base_path, header)
            model = mean(base, [values(path, header) for path in paths])
            seconds = time.perf_counter() - begun
            print(f"numpy, {mean.__name__}: {seconds:.3f} s", file=sys.stderr)
            fastest = min(fastest, seconds)
            del model
    print(fastest)


main()
