"""Makes the golden figures of federated averaging: numpy 2.4.6, safetensors 0.8.0.

Three sites with weights as unlike as policies allow; sums run in order of site name, in float64,
with one rounding to float32. Run in this folder: python fedavg.py
"""

import numpy as np
from safetensors.numpy import save_file

WEIGHTS = {"north": 208.0, "east": 36.5, "south": 0.125}
SHAPES = {"down.weight": (4, 2, 3, 3, 3), "down.bias": (4,), "scale": ()}

rng = np.random.default_rng(20)


def draw(scale):
    # Magnitudes over ten decades: an order of summation that differs shows in the last bit.
    exponents = {name: rng.uniform(-5, 5, shape) for name, shape in SHAPES.items()}
    return {
        name: np.asarray(rng.standard_normal(shape) * scale * 10 ** exponents[name], np.float32)
        for name, shape in SHAPES.items()
    }


base = draw(1.0)
deltas = {site: draw(0.1) for site in WEIGHTS}

expected = {}
for name, values in base.items():
    total = np.float64(0)
    summed = np.zeros(values.shape, np.float64)
    for site in sorted(WEIGHTS):
        total += np.float64(WEIGHTS[site])
        summed = summed + np.float64(WEIGHTS[site]) * deltas[site][name].astype(np.float64)
    expected[name] = np.asarray(values.astype(np.float64) + summed / total).astype(np.float32)

save_file(base, "base.safetensors")
save_file(expected, "expected.safetensors")
for site, delta in deltas.items():
    save_file(delta, f"delta-{site}.safetensors")
