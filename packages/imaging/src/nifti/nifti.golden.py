"""Small NIfTI files of every kind with what nibabel reads from them.

Run: python nifti.golden.py > nifti.golden.json
"""
import base64
import gzip
import json
import sys

import nibabel as nib
import numpy as np

rng = np.random.default_rng(7)
SHAPE = (3, 4, 2)
OBLIQUE = np.array(
    [[0.9, -0.3, 0.2, 11.5], [0.4, 1.8, -0.1, -7.25], [-0.2, 0.3, 2.4, 3.0], [0, 0, 0, 1]]
)
# A rotation times a diagonal, as a qform must be; the third axis mirrored.
angle = 0.35
ROTATION = np.array(
    [[np.cos(angle), -np.sin(angle), 0], [np.sin(angle), np.cos(angle), 0], [0, 0, 1]]
)
QFORM = np.eye(4)
QFORM[:3, :3] = ROTATION @ np.diag([0.7, 1.1, -3.0])
QFORM[:3, 3] = [5, -6, 7]


def file_bytes(image):
    return image.to_bytes()


def case(name, data, *, sform=None, qform=None, endianness="<", version=1, slope=None, compress=None):
    header_class = nib.Nifti1Header if version == 1 else nib.Nifti2Header
    image_class = nib.Nifti1Image if version == 1 else nib.Nifti2Image
    header = header_class(endianness=endianness)
    header.set_data_dtype(data.dtype)
    image = image_class(data, None, header)
    image.header.set_data_dtype(data.dtype.newbyteorder(endianness))
    if slope:
        image.header.set_slope_inter(*slope)
    if sform is not None:
        image.header.set_sform(sform, code=1)
    if qform is not None:
        image.header.set_qform(qform, code=1)
    raw = image.header.binaryblock
    raw += b"\0" * 4
    offset = len(raw)
    stored = data.astype(data.dtype.newbyteorder(endianness))
    header = image.header.copy()
    header["vox_offset"] = offset
    header["magic"] = b"n+1" if version == 1 else b"n+2\0\r\n\x1a\n"
    raw = header.binaryblock + b"\0" * 4 + stored.tobytes(order="F")
    expected = image_class.from_bytes(raw)
    values = np.asarray(expected.get_fdata(dtype=np.float64))
    if compress == "gzip":
        raw = gzip.compress(raw, mtime=0)
    if compress == "members":
        raw = b"".join(gzip.compress(raw[at : at + 100], mtime=0) for at in range(0, len(raw), 100))
    return {
        "name": name,
        "file": base64.b64encode(raw).decode(),
        "shape": list(data.shape),
        "affine": expected.affine.ravel().tolist(),
        "values": values.ravel(order="F").tolist(),
    }


def integers(dtype):
    info = np.iinfo(dtype)
    low, high = max(info.min, -(2**30)), min(info.max, 2**30)
    return rng.integers(low, high, SHAPE).astype(dtype)


cases = [
    case("uint8, sform", integers("u1"), sform=OBLIQUE),
    case("int8, sform", integers("i1"), sform=OBLIQUE),
    case("int16, qform mirrored", integers("i2"), qform=QFORM),
    case("uint16, sform before qform", integers("u2"), sform=OBLIQUE, qform=QFORM),
    case("int32, big endian", integers("i4"), sform=OBLIQUE, endianness=">"),
    case("uint32", integers("u4"), sform=OBLIQUE),
    case("float32", rng.normal(size=SHAPE).astype("f4"), sform=OBLIQUE),
    case("float64, big endian", rng.normal(size=SHAPE), sform=OBLIQUE, endianness=">"),
    case("int64, NIfTI-2", integers("i8"), sform=OBLIQUE, version=2),
    case("int16, NIfTI-2, qform, big endian", integers("i2"), qform=QFORM, version=2, endianness=">"),
    case("int16, scaled", integers("i2"), sform=OBLIQUE, slope=(0.25, -100)),
    case("uint8, gzip", integers("u1"), sform=OBLIQUE, compress="gzip"),
    case("int16, gzip of many members", integers("i2"), sform=OBLIQUE, compress="members"),
]
json.dump(
    {"provenance": f"nibabel {nib.__version__}, numpy {np.__version__}, nifti.golden.py", "cases": cases},
    sys.stdout,
    indent=1,
)
print()
