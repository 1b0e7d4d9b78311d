"""Single-slice DICOM files of every storage we read, with what pydicom reads from them.

Run: python pixels.golden.py > pixels.golden.json
"""
import base64
import io
import json
import sys

import numpy as np
import pydicom
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.sequence import Sequence
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    MRImageStorage,
    RLELossless,
)

rng = np.random.default_rng(11)
ROWS, COLUMNS = 5, 7


def image(syntax, *, allocated=16, stored=16, high=None, signed=False, photometric="MONOCHROME2",
          slope=None, intercept=None, frames=1):
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = MRImageStorage
    meta.MediaStorageSOPInstanceUID = "1.2.3.4"
    meta.TransferSyntaxUID = syntax
    ds = FileDataset(
        None, {}, file_meta=meta, preamble=b"\0" * 128,
        is_implicit_VR=syntax == ImplicitVRLittleEndian,
        is_little_endian=syntax != ExplicitVRBigEndian,
    )
    ds.SOPClassUID = MRImageStorage
    ds.SOPInstanceUID = "1.2.3.4"
    ds.Modality = "MR"
    ds.PatientName = "Doe^Golden"
    ds.StudyInstanceUID = "1.2.3"
    ds.SeriesInstanceUID = "1.2.3.1"
    ds.FrameOfReferenceUID = "1.2.3.9"
    ds.ImagePositionPatient = [1, 2, 3]
    ds.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
    ds.PixelSpacing = [0.5, 0.25]
    ds.Rows, ds.Columns, ds.SamplesPerPixel = ROWS, COLUMNS, 1
    ds.PhotometricInterpretation = photometric
    ds.BitsAllocated, ds.BitsStored, ds.HighBit = allocated, stored, stored - 1 if high is None else high
    ds.PixelRepresentation = int(signed)
    if slope is not None:
        ds.RescaleSlope, ds.RescaleIntercept = slope, intercept
    low, top = (-(2 ** (stored - 1)), 2 ** (stored - 1)) if signed else (0, 2**stored)
    values = rng.integers(low, top, (frames, ROWS, COLUMNS))
    values.flat[:2] = low, top - 1
    if frames > 1:
        ds.NumberOfFrames = frames
        ds.PerFrameFunctionalGroupsSequence = Sequence(
            [frame_groups(index) for index in range(frames)]
        )
    return ds, values


def frame_groups(index):
    position = pydicom.Dataset()
    position.ImagePositionPatient = [1, 2, 3 + 2 * index]
    transformation = pydicom.Dataset()
    transformation.RescaleSlope, transformation.RescaleIntercept = index + 1, -10 * index
    groups = pydicom.Dataset()
    groups.PlanePositionSequence = Sequence([position])
    groups.PixelValueTransformationSequence = Sequence([transformation])
    return groups


def case(name, syntax, *, noise=False, rle=False, **storage):
    ds, values = image(syntax if not rle else ExplicitVRLittleEndian, **storage)
    allocated, stored = ds.BitsAllocated, ds.BitsStored
    shift = ds.HighBit + 1 - stored
    raw = (values & (2**stored - 1)) << shift
    if noise:  # what old scanners leave in the bits that are not stored, e.g. overlays
        unused = (2**allocated - 1) ^ ((2**stored - 1) << shift)
        raw |= rng.integers(0, 2**allocated, raw.shape) & unused
    order = ">" if syntax == ExplicitVRBigEndian else "<"
    ds.PixelData = raw.astype(f"{order}u{allocated // 8}").tobytes()
    if len(ds.PixelData) % 2:
        ds.PixelData += b"\0"
    ds["PixelData"].VR = "OW" if allocated > 8 else "OB"
    if rle:
        ds.compress(RLELossless)
    buffer = io.BytesIO()
    ds.save_as(buffer, enforce_file_format=True)
    bytes_ = buffer.getvalue()
    if not noise and shift == 0:  # pydicom vouches for the plain cases
        read = pydicom.dcmread(io.BytesIO(bytes_)).pixel_array.reshape(values.shape)
        assert (read == values).all(), name
    expected = []
    for index, frame in enumerate(values):
        slope = index + 1 if len(values) > 1 else float(ds.get("RescaleSlope", 1))
        intercept = -10 * index if len(values) > 1 else float(ds.get("RescaleIntercept", 0))
        expected.append((frame * slope + intercept).ravel().tolist())
    return {"name": name, "file": base64.b64encode(bytes_).decode(), "frames": expected}


cases = [
    case("implicit little endian", ImplicitVRLittleEndian),
    case("explicit little endian, signed", ExplicitVRLittleEndian, signed=True),
    case("explicit big endian", ExplicitVRBigEndian, stored=12),
    case("deflated", DeflatedExplicitVRLittleEndian),
    case("8 bits", ExplicitVRLittleEndian, allocated=8, stored=8),
    case("32 bits, signed", ImplicitVRLittleEndian, allocated=32, stored=24, signed=True),
    case("12 of 16 bits, signed, noise above", ExplicitVRLittleEndian, stored=12, signed=True, noise=True),
    case("12 of 16 bits, high bit 13, noise around", ExplicitVRLittleEndian, stored=12, high=13, noise=True),
    case("rescaled", ExplicitVRLittleEndian, slope=0.5, intercept=-1024),
    case("MONOCHROME1, rescaled", ExplicitVRLittleEndian, stored=10, photometric="MONOCHROME1", slope=2, intercept=5),
    case("MONOCHROME1, signed", ExplicitVRLittleEndian, stored=12, signed=True, photometric="MONOCHROME1"),
    case("RLE, 16 bits", RLELossless, rle=True),
    case("RLE, 8 bits", RLELossless, rle=True, allocated=8, stored=8),
    case("enhanced multi-frame, its own rescale on every frame", ExplicitVRLittleEndian, stored=12, frames=3),
]
json.dump(
    {"provenance": f"pydicom {pydicom.__version__}, numpy {np.__version__}, pixels.golden.py",
     "rows": ROWS, "columns": COLUMNS, "cases": cases},
    sys.stdout,
    indent=1,
)
print()
