"""JPEG frames: baseline by Pillow, lossless (process 14) by the small encoder below.

Run: python jpeg.golden.py > jpeg.golden.json
"""
import base64
import io
import json
import struct
import sys

import numpy as np
import PIL
from PIL import Image

rng = np.random.default_rng(13)
ROWS, COLUMNS = 9, 11


def predicted(values, y, x, selection, precision, transform):
    a = int(values[y, x - 1]) if x else None
    b = int(values[y - 1, x]) if y else None
    c = int(values[y - 1, x - 1]) if x and y else None
    if y == 0:
        return 1 << (precision - transform - 1) if x == 0 else a
    if x == 0:
        return b
    return [None, a, b, c, a + b - c, a + ((b - c) >> 1), b + ((a - c) >> 1), (a + b) >> 1][selection]


def lossless(image, precision, selection, transform=0, restart_rows=0):
    """ITU-T T.81 Annex H: one component; every category has a Huffman code of 5 bits, its own number."""
    values = image >> transform
    bits, scan, restarts = "", b"", 0

    def flushed(text):
        text += "1" * (-len(text) % 8)
        raw = int(text, 2).to_bytes(len(text) // 8, "big") if text else b""
        return raw.replace(b"\xff", b"\xff\x00")

    start = 0
    for y in range(ROWS):
        if restart_rows and y and y % restart_rows == 0:
            scan += flushed(bits) + bytes([0xFF, 0xD0 + restarts % 8])
            bits, restarts, start = "", restarts + 1, y
        for x in range(COLUMNS):
            guess = predicted(values[start:], y - start, x, selection, precision, transform)
            difference = (int(values[y, x]) - guess + 2**15) % 2**16 - 2**15
            if difference == -(2**15):
                difference = 2**15
            category = abs(difference).bit_length()
            bits += f"{category:05b}"
            if 0 < category < 16:
                extra = difference if difference > 0 else difference + 2**category - 1
                bits += f"{extra:0{category}b}"
    scan += flushed(bits)
    segment = lambda marker, body: struct.pack(">BBH", 0xFF, marker, len(body) + 2) + body
    counts = bytes([0, 0, 0, 0, 17] + [0] * 11)
    return (
        b"\xff\xd8"
        + segment(0xC3, struct.pack(">BHHB3B", precision, ROWS, COLUMNS, 1, 1, 0x11, 0))
        + segment(0xC4, b"\x00" + counts + bytes(range(17)))
        + (segment(0xDD, struct.pack(">H", restart_rows * COLUMNS)) if restart_rows else b"")
        + segment(0xDA, bytes([1, 1, 0x00, selection, 0, transform]))
        + scan
        + b"\xff\xd9"
    )


def baseline(image):
    buffer = io.BytesIO()
    Image.fromarray(image.astype(np.uint8)).save(buffer, "JPEG", quality=90)
    return buffer.getvalue(), np.asarray(Image.open(io.BytesIO(buffer.getvalue())))


def case(name, encoding, encoded, values, bits):
    return {"name": name, "encoding": encoding, "bits": bits,
            "encoded": base64.b64encode(encoded).decode(), "values": values.ravel().tolist()}


def noise(bits):
    image = rng.integers(0, 2**bits, (ROWS, COLUMNS))
    image.flat[:2] = 0, 2**bits - 1
    return image


def ending_with_a_byte():
    """A blank corner, as most scans have, whose last code needs no padding to a whole byte."""
    own_rng = np.random.default_rng(17)
    while True:
        image = own_rng.integers(0, 256, (ROWS, COLUMNS))
        image[-1], image[-1, -2:] = image[-2], image[-2, -3]
        codes = [
            5 + abs(int(image[y, x]) - predicted(image, y, x, 1, 8, 0)).bit_length()
            for y in range(ROWS) for x in range(COLUMNS)
        ]
        if sum(codes) % 8 == 0:
            return lossless(image, 8, 1), image


cases = []
for selection in range(1, 8):
    image = noise(12)
    cases.append(case(f"lossless, selection value {selection}", "jpeg-lossless", lossless(image, 12, selection), image, 12))
image = noise(16)
cases.append(case("lossless, 16 bits", "jpeg-lossless", lossless(image, 16, 1), image, 16))
image = noise(8)
cases.append(case("lossless, 8 bits", "jpeg-lossless", lossless(image, 8, 1), image, 8))
image = noise(8)
encoded, decoded = baseline(image)
cases.append(case("baseline", "jpeg-baseline", encoded, decoded, 8))
cases.append(case("lossless, last code ending with a byte", "jpeg-lossless", *ending_with_a_byte(), 8))
json.dump(
    {"provenance": f"Pillow {PIL.__version__}, numpy {np.__version__}, jpeg.golden.py",
     "rows": ROWS, "columns": COLUMNS, "cases": cases},
    sys.stdout,
    indent=1,
)
print()
