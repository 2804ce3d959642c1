"""What the first bytes of a file say about it."""

from __future__ import annotations

import struct

EXPECTED = "a JPEG, PNG, WebP, BMP or GIF file"

_SIGNATURES = (
    (b"\xff\xd8", "a JPEG file"),
    (b"\x89PNG", "a PNG file"),
    (b"BM", "a BMP file"),
    (b"GIF8", "a GIF file"),
    (b"%PDF", "a PDF file"),
    (b"II*\x00", "a TIFF file"),
    (b"MM\x00*", "a TIFF file"),
    (b"%!PS", "a PostScript file"),
    (b"\xc5\xd0\xd3\xc6", "an EPS file"),
    (b"8BPS", "a Photoshop file"),
    (b"PK\x03\x04", "a ZIP file"),
    (b"\x1f\x8b", "a gzip file"),
    (b"\x00\x00\x00\x0cjP  ", "a JPEG 2000 file"),
    (b"\x00\x00\x01\x00", "an ICO file"),
)
_BRANDS = {b"avif": "an AVIF file", b"heic": "a HEIC file", b"heix": "a HEIC file", b"mif1": "a HEIF file"}


def describe(data: bytes) -> str:
    """Say in a few words what a file seems to be.

    >>> describe(b"%PDF-1.7 ...")
    'a PDF file'
    """
    if not data:
        return "nothing (0 bytes)"
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "a WebP file"
    if data[4:8] == b"ftyp":
        return _BRANDS.get(data[8:12], "an MP4 or HEIF file")
    for signature, name in _SIGNATURES:
        if data.startswith(signature):
            return name
    text = data[:512].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if b"<svg" in text:
        return "an SVG file"
    if text.startswith((b"<!doctype html", b"<html")):
        return "an HTML page"
    if not any(byte < 9 or 13 < byte < 32 for byte in data[:512]):
        return f"a text file ({len(data)} bytes)"
    return f"{len(data)} bytes that begin with {data[:8].hex(' ')}"


def header_size_wh(data: bytes) -> tuple[int, int] | None:
    """Return width and height as the header of a PNG, GIF or WebP file gives them, or None if it is none of these.

    Pillow's own reader learns the size of a WebP file from a decoder that has already reserved memory for all pixels,
    and does not tell the size of a file that it refuses.
    """
    if data[:8] == b"\x89PNG\r\n\x1a\n" and data[12:16] == b"IHDR" and len(data) >= 24:
        width, height = struct.unpack_from(">II", data, 16)
        return width, height
    if data[:4] == b"GIF8" and len(data) >= 10:
        width, height = struct.unpack_from("<HH", data, 6)
        return width, height
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP" and len(data) >= 30:
        return _webp_size_wh(data)
    return None


def _webp_size_wh(data: bytes) -> tuple[int, int] | None:
    match data[12:16]:
        case b"VP8 ":
            width, height = struct.unpack_from("<HH", data, 26)
            return width & 0x3FFF, height & 0x3FFF
        case b"VP8L":
            (bits,) = struct.unpack_from("<I", data, 21)
            return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
        case b"VP8X":
            return int.from_bytes(data[24:27], "little") + 1, int.from_bytes(data[27:30], "little") + 1
        case _:
            return None
