"""An enhanced MR of two echoes and two b-values at the same three positions, one after the other.

Run: python echoes.golden.py > echoes.golden.json
"""
import base64
import io
import json
import sys

import numpy as np
import pydicom
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.uid import EnhancedMRImageStorage, ExplicitVRLittleEndian

ROWS, COLUMNS, SLICES = 4, 5, 3


def item(**values):
    ds = Dataset()
    for keyword, value in values.items():
        setattr(ds, keyword, value)
    return ds


def enhanced(groups_of_volume):
    """Frame k of volume v holds the value 100·v + k everywhere."""
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = EnhancedMRImageStorage
    meta.MediaStorageSOPInstanceUID = "1.2.3.4"
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    ds = FileDataset(None, {}, file_meta=meta, preamble=b"\0" * 128)
    ds.SOPClassUID, ds.SOPInstanceUID = EnhancedMRImageStorage, "1.2.3.4"
    ds.Modality = "MR"
    ds.StudyInstanceUID, ds.SeriesInstanceUID, ds.FrameOfReferenceUID = "1.2.3", "1.2.3.1", "1.2.3.9"
    ds.Rows, ds.Columns, ds.SamplesPerPixel = ROWS, COLUMNS, 1
    ds.PhotometricInterpretation = "MONOCHROME2"
    ds.BitsAllocated, ds.BitsStored, ds.HighBit, ds.PixelRepresentation = 16, 16, 15, 0
    ds.NumberOfFrames = SLICES * len(groups_of_volume)
    ds.SharedFunctionalGroupsSequence = [item(
        PlaneOrientationSequence=[item(ImageOrientationPatient=[1, 0, 0, 0, 1, 0])],
        PixelMeasuresSequence=[item(PixelSpacing=[1, 1], SliceThickness=2)],
    )]
    ds.PerFrameFunctionalGroupsSequence = [
        item(PlanePositionSequence=[item(ImagePositionPatient=[0, 0, 2 * slice])], **groups)
        for groups in groups_of_volume for slice in range(SLICES)
    ]
    values = [100 * volume + slice for volume in range(len(groups_of_volume)) for slice in range(SLICES)]
    ds.PixelData = np.repeat(np.array(values, np.uint16), ROWS * COLUMNS).tobytes()
    buffer = io.BytesIO()
    pydicom.dcmwrite(buffer, ds, enforce_file_format=True)
    return base64.b64encode(buffer.getvalue()).decode()


json.dump(
    {
        "provenance": f"pydicom {pydicom.__version__}, echoes.golden.py",
        "echoes": enhanced([{"MREchoSequence": [item(EffectiveEchoTime=time)]} for time in (5.5, 80.0)]),
        "bValues": enhanced([
            {"MRDiffusionSequence": [item(DiffusionBValue=value)]} for value in (0.0, 1000.0)
        ]),
    },
    sys.stdout,
    indent=2,
)
print()
