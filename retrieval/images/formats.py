"""Which image formats are read, told by the first bytes and never by the file's name."""

from __future__ import annotations

from typing import Literal, TypeAlias

FormatName: TypeAlias = Literal["JPEG", "PNG", "GIF", "WebP", "BMP", "TIFF", "AVIF", "HEIC"]
"""HEIC is recognised only to be refused by its name."""

IMAGE_SUFFIXES = frozenset(
    {
        *(".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".gif", ".webp", ".bmp", ".dib"),
        *(".tif", ".tiff", ".avif", ".heic", ".heif"),
    }
)
"""Lower-case file name suffixes of what is taken for an image. HEIC is among them so that a phone's photographs are
refused with a reason, and not overlooked."""

_MAGIC: tuple[tuple[bytes, FormatName], ...] = (
    (b"\xff\xd8\xff", "JPEG"),
    (b"\x89PNG\r\n\x1a\n", "PNG"),
    (b"GIF87a", "GIF"),
    (b"GIF89a", "GIF"),
    (b"II*\0", "TIFF"),
    (b"MM\0*", "TIFF"),
    (b"II+\0", "TIFF"),
    (b"MM\0+", "TIFF"),
)
_BMP_HEADER_SIZES = frozenset({12, 16, 40, 52, 56, 64, 108, 124})
_HEIC_BRANDS = frozenset({b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"})


def identify(data: bytes) -> FormatName | None:
    """The format that `data` starts like, or None."""
    for magic, name in _MAGIC:
        if data.startswith(magic):
            return name
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "WebP"
    if data[:2] == b"BM" and int.from_bytes(data[14:18], "little") in _BMP_HEADER_SIZES:
        return "BMP"
    if data[4:8] == b"ftyp":
        return _identify_brand(data)
    return None


def is_cut_short(data: bytes, name: FormatName) -> bool:
    """Whether the file's own lengths reach past its end; of formats that state none, decoding shows it."""
    if name == "WebP":
        return int.from_bytes(data[4:8], "little") + 8 > len(data)
    if name == "AVIF":
        return _last_box_end(data) > len(data)
    if name == "TIFF":
        return _first_directory(data) >= len(data)
    return False


def _identify_brand(data: bytes) -> FormatName | None:
    """An ISO base media file: `ftyp` box of a major brand, a version and compatible brands, four bytes each."""
    end = min(int.from_bytes(data[:4], "big"), 256)
    brands = {data[8:12]} | {data[i : i + 4] for i in range(16, end, 4)}
    if brands & {b"avif", b"avis"}:
        return "AVIF"
    return "HEIC" if brands & _HEIC_BRANDS else None


def _last_box_end(data: bytes) -> int:
    """Where the chain of top-level boxes ends by its own account (ISO/IEC 14496-12, 4.2)."""
    start = 0
    while start + 8 <= len(data):
        size = int.from_bytes(data[start : start + 4], "big")
        if size == 1:  # a 64-bit size follows the type
            size = int.from_bytes(data[start + 8 : start + 16], "big")
        if size < 8:  # 0: up to the end of the file; the rest is damage that the decoder reports
            return len(data)
        start += size
    return start


def _first_directory(data: bytes) -> int:
    """Offset of the first image file directory, without which there is no picture (TIFF 6.0, section 2)."""
    order: Literal["little", "big"] = "little" if data[:2] == b"II" else "big"
    is_big = data[2:4] in (b"+\0", b"\0+")
    return int.from_bytes(data[8:16] if is_big else data[4:8], order)
