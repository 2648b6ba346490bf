"""Signatures at the beginning of files, and what a text is by its words."""

from __future__ import annotations

import re
from enum import StrEnum


class Kind(StrEnum):
    """What the bytes of a file are."""

    ZIP = "zip archive"
    HDF5 = "HDF5 file"
    LFS = "git-lfs pointer"
    POINTER = "pointer to data that lie elsewhere"
    HTML = "HTML page"
    ANSWER = "error that a server sent in place of the data"
    NPY = "single NumPy array"
    TIFF = "TIFF image"
    EDF = "EDF image"
    CBF = "CBF image"
    MRC = "MRC image stack"
    MERLIN = "raw stack of a Merlin detector (.mib)"
    DM = "DigitalMicrograph file (.dm3, .dm4)"
    TIA = "series of TIA (.ser)"
    BLO = "block file of NanoMEGAS (.blo)"
    SEQ = "sequence of StreamPix (.seq)"
    MDA = "scan record of EPICS (.mda)"
    FITS = "FITS image"
    DICOM = "DICOM image"
    PNG = "PNG image"
    JPEG = "JPEG image"
    GIF = "GIF image"
    GZIP = "gzip file"
    BZIP2 = "bzip2 file"
    XZ = "xz file"
    ZSTD = "zstd file"
    LZ4 = "LZ4 file"
    RAR = "RAR archive"
    SEVEN_ZIP = "7z archive"
    TAR = "tar archive"
    MATLAB = "MATLAB file of version 5"
    NETCDF = "netCDF file of version 3"
    HDF4 = "HDF4 file"
    PARQUET = "Parquet table"
    ARROW = "Arrow table"
    SQLITE = "SQLite database"
    SAFETENSORS = "safetensors file"
    PICKLE = "Python pickle"
    PDF = "PDF document"
    OFFICE = "document of an office program"
    RESOURCE_FORK = "companion that a Mac leaves beside a file (its name begins with ._)"
    JSON = "JSON text"
    ZARR = "Zarr store"
    XML = "XML text"
    NUMBERS = "text with numbers"
    TEXT = "text"
    EMPTY = "empty file"
    ZEROS = "file of zeros"
    BINARY = "binary file of no known kind"


LFS = b"version https://git-lfs"
_AT_START: tuple[tuple[bytes, Kind], ...] = (
    (b"PK\x03\x04", Kind.ZIP),
    (b"PK\x05\x06", Kind.ZIP),
    (LFS, Kind.LFS),
    (b"\x93NUMPY", Kind.NPY),
    (b"II*\x00", Kind.TIFF),
    (b"MM\x00*", Kind.TIFF),
    (b"II+\x00", Kind.TIFF),
    (b"MM\x00+", Kind.TIFF),
    (b"###CBF", Kind.CBF),
    (b"MQ1,", Kind.MERLIN),
    (b"HDR,", Kind.MERLIN),
    (b"II\x97\x01", Kind.TIA),
    (b"IMGBLO", Kind.BLO),
    (b"\xed\xfe\x00\x00N\x00o\x00r\x00", Kind.SEQ),
    (b"\x3f\xa6\x66\x66", Kind.MDA),
    (b"\x3f\xb3\x33\x33", Kind.MDA),
    (b"SIMPLE  =", Kind.FITS),
    (b"\x89PNG\r\n\x1a\n", Kind.PNG),
    (b"\xff\xd8\xff", Kind.JPEG),
    (b"GIF8", Kind.GIF),
    (b"\x1f\x8b", Kind.GZIP),
    (b"BZh", Kind.BZIP2),
    (b"\xfd7zXZ\x00", Kind.XZ),
    (b"\x28\xb5\x2f\xfd", Kind.ZSTD),
    (b"\x04\x22\x4d\x18", Kind.LZ4),
    (b"Rar!\x1a\x07", Kind.RAR),
    (b"7z\xbc\xaf\x27\x1c", Kind.SEVEN_ZIP),
    (b"MATLAB 5.0 MAT-file", Kind.MATLAB),
    (b"CDF\x01", Kind.NETCDF),
    (b"CDF\x02", Kind.NETCDF),
    (b"CDF\x05", Kind.NETCDF),
    (b"\x0e\x03\x13\x01", Kind.HDF4),
    (b"PAR1", Kind.PARQUET),
    (b"ARROW1", Kind.ARROW),
    (b"SQLite format 3\x00", Kind.SQLITE),
    (b"%PDF-", Kind.PDF),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", Kind.OFFICE),
    (b"\x00\x05\x16\x07", Kind.RESOURCE_FORK),
)
_AT: tuple[tuple[int, bytes, Kind], ...] = (
    (257, b"ustar", Kind.TAR),
    (128, b"DICM", Kind.DICOM),
    (208, b"MAP ", Kind.MRC),
    (8, b'{"', Kind.SAFETENSORS),
)
_DM = re.compile(rb"\x00\x00\x00(\x03.{4}|\x04.{8})\x00\x00\x00[\x00\x01]", re.DOTALL)
_EDF = re.compile(
    rb"[\r\n ]*\{[^{}\x00]{0,4000}?\b(EDF_DataBlockID|HeaderID|ByteOrder|DataType|Dim_1)\s*=", re.IGNORECASE
)
_PAGE = re.compile(r"<!doctype html|<html|<head[\s>]|<body[\s>]")
_XML_ERROR = re.compile(r"<error\b|<fault\b|accessdenied|nosuchkey|expired")
_JSON_ERROR = re.compile(r'^\{\s*"(message|error|errors|detail|status|code|title|statuscode)"\s*:')
_POINTER = re.compile(
    r"^(/annex/objects/|(\.\./)*\.git/annex/objects/|outs:\s*\n\s*- (md5|hash|etag):|\[internetshortcut\])"
)
_ANSWER = re.compile(
    r"^\W*(4\d\d|5\d\d)\b|\b(not found|access denied|forbidden|unauthori[sz]ed|permission denied|too many requests"
    r"|rate limit|quota exceeded|bad gateway|service unavailable|internal server error|link (has )?expired)\b"
)
_LONGEST_ANSWER = 400


def by_signature(head: bytes) -> Kind | None:
    """Kind of a file by signatures that stand at fixed places; None where there is none.

    Parameters
    ----------
    head : bytes
        First bytes of a file.
    """
    for magic, kind in _AT_START:
        if head.startswith(magic):
            return kind
    if _DM.match(head):
        return Kind.DM
    if _EDF.match(head):
        return Kind.EDF
    return next((kind for at, magic, kind in _AT if head[at : at + len(magic)] == magic), None)


def by_words(text: str) -> Kind | None:
    """Kind of a text by what it says: a page, an error of a server, a pointer; None where it says nothing of these.

    Parameters
    ----------
    text : str
        The beginning of a file.
    """
    start = text.strip().lower()
    if _PAGE.search(start[:2000]):
        return Kind.HTML
    if _POINTER.search(start):
        return Kind.POINTER
    if start.startswith("<"):
        return Kind.ANSWER if _XML_ERROR.search(start[:600]) else Kind.XML
    if start.startswith(("{", "[")):
        return Kind.ANSWER if len(start) < 2 * _LONGEST_ANSWER and _JSON_ERROR.search(start) else Kind.JSON
    if len(start) < _LONGEST_ANSWER and start.count("\n") < 4 and _ANSWER.search(start):
        return Kind.ANSWER
    return None
