"""Writes the golden files beside it with the reference implementation of the format.

    pip install safetensors numpy
    python safetensors.golden.py

Recorded with safetensors 0.8.0 and NumPy 2.4.6. `plain` holds float32 only; `with-metadata` adds what
PyTorch exporters add; `half` holds a dtype that Fedvox does not read.
"""

from pathlib import Path

import numpy as np
from safetensors.numpy import save_file

HERE = Path(__file__).parent

weights = {
    "model.1.submodule.residual.bias": np.array([-1.5, 0.0, 3.25], np.float32),
    "model.0.conv.unit0.conv.weight": np.arange(24, dtype=np.float32).reshape(2, 3, 4) / 8,
    "model.0.conv.unit0.adn.A.weight": np.array([0.25], np.float32),
    "scalar": np.array(np.pi, np.float32),
    "empty": np.zeros((0, 3), np.float32),
}

save_file(weights, HERE / "plain.safetensors")
save_file(weights, HERE / "with-metadata.safetensors", metadata={"format": "pt"})
save_file({"w": np.ones(3, np.float16)}, HERE / "half.safetensors")
