"""Variants of files that are no scan, or not yet one: pages, pointers, images, archives, models, documents."""

from __future__ import annotations

import gzip
import io
import json
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np

from conformance.scans.specimens import write_scan
from tests.files import written
from tests.files.scans import N, sound
from tests.files.variants_of_frames import Entry


def _bytes(content: bytes | Callable[[], bytes], name: str = "scan.npz") -> Callable[[Path], Path]:
    def make(folder: Path) -> Path:
        (folder / name).write_bytes(content() if callable(content) else content)
        return folder / name

    return make


def _text(text: str, name: str = "scan.npz", encoding: str = "utf-8") -> Callable[[Path], Path]:
    return _bytes(text.encode(encoding), name)


def _npz_bytes() -> bytes:
    stream = io.BytesIO()
    np.savez(stream, **sound(1, 4, 4))
    return stream.getvalue()


def _zip(*members: tuple[str, bytes]) -> Callable[[], bytes]:
    def make() -> bytes:
        stream = io.BytesIO()
        with zipfile.ZipFile(stream, "w") as archive:
            for name, content in members:
                archive.writestr(name, content)
        return stream.getvalue()

    return make


def _empad() -> bytes:
    raw = np.random.default_rng(1).normal(0, 20, (16, 130, 128)).astype("<f4")
    return raw.tobytes()


def _raw_uint16() -> bytes:
    return np.random.default_rng(1).poisson(3, (20, 64, 64)).astype("<u2").tobytes()


def _mat5(folder: Path) -> Path:
    from scipy.io import savemat

    a = sound(1, 6, 5)
    held = {
        "dp": np.moveaxis(written.counts_of(a), 0, -1).astype(float),
        "positions": np.stack([a["ycoords"], a["xcoords"]], 1),
        "probe": a["probeGuess"],
        "object": a["objectGuess"],
        "p": {"dx_spec": [3e-8, 3e-8], "lambda": 1.4e-10},
    }
    savemat(folder / "recon.mat", held)
    return folder / "recon.mat"


def _mat5_settings(folder: Path) -> Path:
    from scipy.io import savemat

    savemat(folder / "settings.mat", {"note": "night", "gain": 3.0})
    return folder / "settings.mat"


def _cut_npz(share: float) -> Callable[[], bytes]:
    def make() -> bytes:
        content = _npz_bytes()
        return content[: int(share * len(content))]

    return make


def _head_of_zip_lost() -> bytes:
    return _npz_bytes()[1000:]


def _cut_h5(folder: Path) -> Path:
    written.cxi(folder / "scan.cxi", sound(1, 6, 5))
    content = (folder / "scan.cxi").read_bytes()
    (folder / "scan.cxi").write_bytes(content[: len(content) // 2])
    return folder / "scan.cxi"


def _merlin() -> bytes:
    head = b"MQ1,000001,00384,01,0064,0064,U16,   1x1,01,2026-01-01 00:00:00.000000,0.001000,0,0,0"
    return head.ljust(384, b"\x00") + np.zeros((64, 64), ">u2").tobytes()


def _dm4() -> bytes:
    return struct.pack(">IQI", 4, 5000, 1) + b"\x01\x00\x00\x00\x00\x00\x00\x00\x2b" + bytes(range(256)) * 8


def _xlsx() -> bytes:
    return _zip(("[Content_Types].xml", b"<Types/>"), ("xl/workbook.xml", b"<workbook/>"))()


def _torch() -> bytes:
    return _zip(("model/data.pkl", b"\x80\x02}q\x00."), ("model/version", b"3\n"), ("model/data/0", bytes(64)))()


def _keras() -> bytes:
    return _zip(("metadata.json", b"{}"), ("config.json", b"{}"), ("model.weights.h5", b"\x89HDF\r\n\x1a\n"))()


def _safetensors() -> bytes:
    header = json.dumps({"w": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}}).encode()
    return struct.pack("<Q", len(header)) + header + bytes(8)


def _nested_npz() -> bytes:
    return _zip(("scan.npz", _npz_bytes()))()


def _npz_without_ends(folder: Path) -> Path:
    """A zip whose arrays were put in by hand, in a folder, with the resource forks of a Mac."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, values in sound(1, 4, 4).items():
            held = io.BytesIO()
            np.save(held, values)
            archive.writestr(f"scan/{name}.npy", held.getvalue())
            archive.writestr(f"__MACOSX/scan/._{name}.npy", b"\x00\x05\x16\x07" + bytes(20))
    (folder / "scan.zip").write_bytes(stream.getvalue())
    return folder / "scan.zip"


def _twice_packed() -> bytes:
    return gzip.compress(_npz_bytes())


def _fits() -> bytes:
    return b"SIMPLE  =                    T / file does conform to FITS standard".ljust(80) + b"END".ljust(2800)


DAMAGE = "NPZ-033"
NAMED = "FIL-001"
VARIANTS: dict[str, Entry] = {
    "a copy that broke off in room that was taken": (
        _bytes(lambda: _npz_bytes()[:20_000] + bytes(30_000)),
        r"last 30\d\d\d of 50000 bytes are zeros",
        "NPZ-033",
    ),
    "login page with a byte order mark": (
        _text("\ufeff\n\n  <HTML><body>Sign in</body></HTML>"),
        r"HTML page.*login",
        NAMED,
    ),
    "page with a comment first": (
        _text("<!-- proxy -->\n" + " " * 600 + "\n<html><body>Blocked</body></html>"),
        r"page.*download",
        NAMED,
    ),
    "error of an object store": (
        _text('<?xml version="1.0"?>\n<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>'),
        r"(error|refus|denied).*download|download",
        NAMED,
    ),
    "error as JSON": (_text('{"message": "Not Found", "status": 404}'), r"(error|answer).*download|download", NAMED),
    "error as text": (_text("404: Not Found"), r"(error|answer).*download|download", NAMED),
    "lfs pointer with Windows ends": (
        _text("version https://git-lfs.github.com/spec/v1\r\noid sha256:0\r\nsize 73000000\r\n"),
        r"git-lfs.*73 MB.*git lfs pull",
        NAMED,
    ),
    "annex pointer": (_text("/annex/objects/SHA256E-s123456789--abcdef.npz\n"), r"annex", NAMED),
    "dvc pointer": (
        _text("outs:\n- md5: a304afb96060aad90176268345e10355\n  size: 123456789\n  path: scan.npz\n"),
        r"dvc",
        NAMED,
    ),
    "fork of a Mac": (
        _bytes(b"\x00\x05\x16\x07\x00\x02\x00\x00Mac OS X        " + bytes(64), "._scan.npz"),
        r"Mac|AppleDouble",
        NAMED,
    ),
    "EMPAD raw": (_bytes(_empad, "scan_x4_y4.raw"), r"130 x 128|EMPAD", "FIL-002 FIL-003"),
    "raw frames of uint16": (_bytes(_raw_uint16, "scan.raw"), r"raw|binary", NAMED),
    "Merlin": (_bytes(_merlin, "scan.mib"), r"raw stack of a Merlin", "FIL-002 FIL-003"),
    "DigitalMicrograph": (_bytes(_dm4, "scan.dm4"), r"DigitalMicrograph|DM4", NAMED),
    "a sequence of StreamPix": (
        _bytes(b"\xed\xfe\x00\x00" + "Norpix seq".encode("utf-16-le") + bytes(2000), "s.seq"),
        r"StreamPix",
        "FIL-001",
    ),
    "a record of EPICS": (
        _bytes(struct.pack(">fiih", 1.4, 27, 2, 0) + bytes(range(200)), "s.mda"),
        r"EPICS.*table",
        "FIL-001",
    ),
    "FITS": (_bytes(_fits, "scan.fits"), r"FITS", NAMED),
    "MATLAB with arrays": (_mat5, r"dp \(32, 32, 30\)|frames", "FIL-001 FIL-002"),
    "MATLAB of settings": (_mat5_settings, r"MATLAB", NAMED),
    "cut archive": (_bytes(_cut_npz(0.6)), r"copy|Copy", DAMAGE),
    "cut archive of little": (_bytes(_cut_npz(0.01)), r"copy|Copy", DAMAGE),
    "head of an archive lost": (_bytes(_head_of_zip_lost), r"opy|damaged|binary", "NPZ-033 FIL-001"),
    "cut HDF5": (_cut_h5, r"trunc|copy", "FIL-022"),
    "empty": (_bytes(b""), r"empty", DAMAGE),
    "npz in a zip": (_bytes(_nested_npz), r"scan.npz.*unpack", NAMED),
    "arrays in a folder of a zip": (_npz_without_ends, r"scan/|folder|unpack", "FIL-001 NPZ-001"),
    "packed npz": (_bytes(_twice_packed), r"gzip.*unpack", NAMED),
    "spreadsheet": (_bytes(_xlsx, "positions.xlsx"), r"office", NAMED),
    "weights of torch": (_bytes(_torch, "model.pt"), r"(torch|model|weights|checkpoint)", NAMED),
    "model of Keras": (_bytes(_keras, "model.keras"), r"(Keras|model|weights)", NAMED),
    "safetensors": (_bytes(_safetensors, "model.safetensors"), r"(safetensors|model|weights)", NAMED),
    "parquet": (_bytes(b"PAR1" + bytes(range(200)) + b"PAR1", "positions.parquet"), r"[Pp]arquet", NAMED),
    "netCDF": (_bytes(b"CDF\x01" + bytes(range(100)), "scan.nc"), r"[Nn]etCDF", NAMED),
    "SQLite": (_bytes(b"SQLite format 3\x00" + bytes(range(100)), "scan.db"), r"SQLite|database", NAMED),
    "LZ4": (_bytes(b"\x04\x22\x4d\x18" + bytes(range(1, 100)), "scan.lz4"), r"lz4|LZ4", NAMED),
    "positions with a header": (
        _text("# x_um, y_um\nx,y\n1.5,2.5\n3.5,4.5\n5.5,6.5\n"),
        r"called x, y.*list of positions",
        NAMED,
    ),
    "positions with a number first": (
        _text("3\nx y\n1.5 2.5\n3.5 4.5\n5.5 6.5\n"),
        r"list of positions|numbers",
        NAMED,
    ),
    "positions with names of rows": (
        _text("point,x_um,y_um\np1,1.5,2.5\np2,3.5,4.5\np3,1,2\n"),
        r"x_um|positions|table",
        NAMED,
    ),
    "positions with decimal commas": (_text("x;y\n1,5;2,5\n3,5;4,5\n"), r"comma", NAMED),
    "positions of five columns": (
        _text("frame x y z t\n0 1.5 2.5 0 0.1\n1 3.5 4.5 0 0.2\n"),
        r"positions|frame x y z t",
        NAMED,
    ),
    "positions of a wide character": (_text("x,y\n1.5,2.5\n3.5,4.5\n", encoding="utf-16"), r"UTF-16|positions", NAMED),
    "README": (
        _text("# Data of May\n\nThe scan is in scan_0042.h5, positions in um.\n", "README.md"),
        r"text, not the data",
        NAMED,
    ),
    "settings": (_text("energy: 8.8\ndistance: 1.92\n", "scan.yaml"), r"text|settings", NAMED),
    "XML of EMPAD": (
        _text(
            '<?xml version="1.0"?><root><raw_file filename="scan_x4_y4.raw"/><scan_parameters mode="acquire"/></root>',
            "scan.xml",
        ),
        r"scan_x4_y4.raw.*copy it too",
        "FIL-020",
    ),
    "script": (_text("import numpy as np\nnp.savez('scan.npz')\n", "make.py"), r"text", NAMED),
}
"""Variants by name: what makes the file, what must be said, and which clauses may be named."""

assert N == 32
assert write_scan
