"""What pydicom finds in a DICOM SEG: python seg-reader.py FILE, as JSON."""
import json
import sys

import pydicom


def coded(item, keyword):
    code = getattr(item, keyword)[0]
    return [code.CodeValue, code.CodingSchemeDesignator]


seg = pydicom.dcmread(sys.argv[1])
pixels = seg.pixel_array.reshape(int(seg.NumberOfFrames), seg.Rows, seg.Columns)
organization = seg.DimensionOrganizationSequence[0].DimensionOrganizationUID
json.dump({
    "sopClass": seg.SOPClassUID.name,
    "syntax": seg.file_meta.TransferSyntaxUID.name,
    "referencedSeries": seg.ReferencedSeriesSequence[0].SeriesInstanceUID,
    "referencedInstances": [each.ReferencedSOPInstanceUID for each in seg.ReferencedSeriesSequence[0].ReferencedInstanceSequence],
    "frameOfReference": seg.FrameOfReferenceUID,
    "segments": [{
        "number": each.SegmentNumber,
        "label": each.SegmentLabel,
        "algorithm": [each.SegmentAlgorithmType, each.get("SegmentAlgorithmName", "")],
        "category": coded(each, "SegmentedPropertyCategoryCodeSequence"),
        "type": coded(each, "SegmentedPropertyTypeCodeSequence"),
    } for each in seg.SegmentSequence],
    "dimensions": [pydicom.datadict.keyword_for_tag(each.DimensionIndexPointer) for each in seg.DimensionIndexSequence],
    "oneOrganization": all(each.DimensionOrganizationUID == organization for each in seg.DimensionIndexSequence),
    "frames": [{
        "segment": group.SegmentIdentificationSequence[0].ReferencedSegmentNumber,
        "index": list(group.FrameContentSequence[0].DimensionIndexValues),
        "position": [float(each) for each in group.PlanePositionSequence[0].ImagePositionPatient],
        "instance": group.DerivationImageSequence[0].SourceImageSequence[0].ReferencedSOPInstanceUID,
        "pixels": pixels[frame].ravel().tolist(),
    } for frame, group in enumerate(seg.PerFrameFunctionalGroupsSequence)],
}, sys.stdout)
