"""DICOM SEG objects of rarer kinds for one small series, with the voxels they mean.

Run: python seg.golden.py > seg.golden.json
"""
import base64
import io
import json
import sys

import numpy as np
import pydicom
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.sequence import Sequence
from pydicom.uid import ExplicitVRBigEndian, ExplicitVRLittleEndian, RLELossless

rng = np.random.default_rng(23)
ROWS, COLUMNS, SLICES = 6, 5, 4
SPACING = [1.5, 0.75]  # between rows, between columns
STEP = 2.5
SERIES = "1.2.3.1"


def position(slice_, row=0, column=0):
    return [10 + column * SPACING[1], -20 + row * SPACING[0], 30 + slice_ * STEP]


def item(**attributes):
    ds = Dataset()
    for keyword, value in attributes.items():
        setattr(ds, keyword, value)
    return ds


def base(sop_class, uid, modality):
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID = sop_class, uid
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    ds = FileDataset(None, {}, file_meta=meta, preamble=b"\0" * 128)
    ds.SOPClassUID, ds.SOPInstanceUID, ds.Modality = sop_class, uid, modality
    ds.StudyInstanceUID, ds.FrameOfReferenceUID = "1.2.3", "1.2.3.9"
    ds.SamplesPerPixel, ds.PhotometricInterpretation, ds.PixelRepresentation = 1, "MONOCHROME2", 0
    return ds


def encoded(ds):
    buffer = io.BytesIO()
    pydicom.dcmwrite(buffer, ds, enforce_file_format=True)
    return base64.b64encode(buffer.getvalue()).decode()


def image(slice_):
    ds = base("1.2.840.10008.5.1.4.1.1.4", f"1.2.3.1.{slice_ + 1}", "MR")
    ds.SeriesInstanceUID = SERIES
    ds.ImagePositionPatient, ds.ImageOrientationPatient = position(slice_), [1, 0, 0, 0, 1, 0]
    ds.PixelSpacing = SPACING
    ds.Rows, ds.Columns, ds.BitsAllocated, ds.BitsStored, ds.HighBit = ROWS, COLUMNS, 16, 12, 11
    ds.PixelData = np.full((ROWS, COLUMNS), slice_, "<u2").tobytes()
    ds["PixelData"].VR = "OW"
    return encoded(ds)


def segmentation(kind, frames, values, *, orientation=(1, 0, 0, 0, 1, 0), spacing=SPACING, refer="series",
                 maximum=255, compress=False, nudge=0.0, big_endian=False, other=None):
    """frames: (segment number, slice, position); values: one array of rows × columns per frame."""
    sop_class = "1.2.840.10008.5.1.4.1.1.66." + ("7" if kind == "LABELMAP" else "4")
    ds = base(sop_class, "1.2.3.2.1", "SEG")
    ds.SeriesInstanceUID, ds.SegmentationType = "1.2.3.2", kind
    if refer == "series":
        ds.ReferencedSeriesSequence = Sequence([item(SeriesInstanceUID=SERIES)])
    if kind == "FRACTIONAL":
        ds.SegmentationFractionalType, ds.MaximumFractionalValue = "PROBABILITY", maximum
    names = [(1, "organ"), (2, "lesion")] + ([] if other is None else [(other, "of no class")])
    ds.SegmentSequence = Sequence([item(SegmentNumber=n, SegmentLabel=name) for n, name in names])
    ds.SharedFunctionalGroupsSequence = Sequence([item(
        PlaneOrientationSequence=Sequence([item(ImageOrientationPatient=list(orientation))]),
        PixelMeasuresSequence=Sequence([item(PixelSpacing=list(spacing), SliceThickness=STEP)]))])
    groups = []
    for number, slice_, place in frames:
        place = [round(each + nudge, 5) for each in place]
        group = item(PlanePositionSequence=Sequence([item(ImagePositionPatient=place)]))
        if kind != "LABELMAP":
            group.SegmentIdentificationSequence = Sequence([item(ReferencedSegmentNumber=number)])
        if refer == "instances":
            source = item(ReferencedSOPClassUID="1.2.840.10008.5.1.4.1.1.4", ReferencedSOPInstanceUID=f"1.2.3.1.{slice_ + 1}")
            group.DerivationImageSequence = Sequence([item(SourceImageSequence=Sequence([source]))])
        groups.append(group)
    ds.PerFrameFunctionalGroupsSequence = Sequence(groups)
    values = np.stack(values)
    ds.NumberOfFrames, ds.Rows, ds.Columns = values.shape
    bits = 1 if kind == "BINARY" else 16 if values.max() > 255 else 8
    ds.BitsAllocated, ds.BitsStored, ds.HighBit = bits, bits, bits - 1
    order = "<"
    if big_endian:
        ds.file_meta.TransferSyntaxUID, order = ExplicitVRBigEndian, ">"
    raw = np.packbits(values.ravel().astype(bool), bitorder="little") if bits == 1 else values.astype(f"{order}u{bits // 8}")
    ds.PixelData = raw.tobytes() + b"\0" * (raw.nbytes % 2)
    ds["PixelData"].VR = "OW" if bits == 16 else "OB"
    if compress:
        ds.compress(RLELossless)
    return encoded(ds)


label = np.zeros((SLICES, ROWS, COLUMNS), int)
label[rng.random(label.shape) < 0.4] = 1
label[rng.random(label.shape) < 0.2] = 2
whole = [(n, s, position(s)) for n in (1, 2) for s in range(SLICES)]
masks = [label[s] == n for n, s, _ in whole]
slices = [(None, s, position(s)) for s in range(SLICES)]


def case(name, file, expected=label):
    return {"name": name, "file": file, "label": expected.ravel().tolist()}


fractions = [np.where(mask, rng.integers(50, 101, mask.shape), rng.integers(0, 50, mask.shape)) for mask in masks]
cropped = [(n, s, position(s, 1, 2)) for n, s, _ in whole]
inside = np.zeros_like(label)
inside[:, 1:5, 2:5] = label[:, 1:5, 2:5]
turned = [(n, s, position(s, ROWS - 1, 0)) for n, s, _ in whole]
flipped = [(n, s, position(s, 0, COLUMNS - 1)) for n, s, _ in whole]
json.dump({
    "provenance": f"pydicom {pydicom.__version__}, numpy {np.__version__}, seg.golden.py",
    "images": [image(s) for s in range(SLICES)],
    "cases": [
        case("binary, all frames", segmentation("BINARY", whole, masks)),
        case("binary, 0.04 mm off", segmentation("BINARY", whole, masks, nudge=0.04)),
        case("binary, refers to instances only", segmentation("BINARY", whole, masks, refer="instances")),
        case("binary, cropped frames", segmentation("BINARY", cropped, [m[1:5, 2:5] for m in masks]), inside),
        case("binary, rows run the other way", segmentation("BINARY", flipped, [m[:, ::-1] for m in masks], orientation=(-1, 0, 0, 0, 1, 0))),
        case("binary, transposed and upside down", segmentation(
            "BINARY", turned, [m[::-1].T for m in masks], orientation=(0, -1, 0, 1, 0, 0), spacing=SPACING[::-1])),
        case("fractional, half of its maximum counts", segmentation("FRACTIONAL", whole, fractions, maximum=100)),
        case("labelmap, 8 bits", segmentation("LABELMAP", slices, list(label))),
        case("labelmap, 8 bits, RLE", segmentation("LABELMAP", slices, list(label), compress=True)),
        case("labelmap, 16 bits, with a segment that is no class", segmentation(
            "LABELMAP", slices, list(np.where(label == 0, 300, label)), other=300)),
        case("labelmap, 16 bits, big endian", segmentation(
            "LABELMAP", slices, list(np.where(label == 0, 300, label)), big_endian=True, other=300)),
    ],
}, sys.stdout, indent=1)
print()
