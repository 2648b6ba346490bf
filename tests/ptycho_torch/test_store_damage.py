"""Stores that are damaged, or were written by a stranger: refused, never served, then rebuilt."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.ptycho_torch.conftest import Request
from tests.ptycho_torch.scans import ScanFiles, listing, three_scans, write
from tests.ptycho_torch.stores import changed_manifest, cut, flip, forged, images, lengthen, opened

pytestmark = pytest.mark.torch


DAMAGES: dict[str, Callable[[Path], None]] = {
    "no rows": lambda store: shutil.rmtree(store / "rows"),
    "no probes": lambda store: (store / "probes" / "probe.npy").unlink(),
    "frames cut off": lambda store: cut(store / "frames-1.npy"),
    "frames gone": lambda store: (store / "frames-1.npy").unlink(),
    "rows cut off": lambda store: cut(store / "rows" / "nn_indices.npy"),
    "points too long": lambda store: lengthen(store / "points" / "positions.npy"),
    "manifest cut off": lambda store: cut(store / "manifest.json"),
    "manifest empty": lambda store: os.truncate(store / "manifest.json", 0),
    "manifest of another kind": lambda store: (store / "manifest.json").write_text("[1, 2]") and None,
    "manifest without sources": lambda store: changed_manifest(store, sources=None),
    "manifest with strange sources": lambda store: changed_manifest(store, sources=[{"path": "a"}]),
    "other schema": lambda store: changed_manifest(store, schema="ptycho_torch.store/0"),
    "other profile": lambda store: changed_manifest(
        store, profile={"scale_contract_version": "ci_intensity_v2", "measurement_domain": "count_intensity"}
    ),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_store_is_refused_then_rebuilt(files: ScanFiles, asked: Request, tmp_path: Path, damage: str) -> None:
    from ptycho_torch.errors import StaleStore

    expected = images(opened(files.paths, asked(), tmp_path / "store"))
    DAMAGES[damage](tmp_path / "store")
    with pytest.raises(StaleStore, match="rebuild=True, or delete its folder") as caught:
        opened(files.paths, asked(), tmp_path / "store")
    assert caught.value.file == tmp_path / "store"
    np.testing.assert_array_equal(images(opened(files.paths, asked(), tmp_path / "store", rebuild=True)), expected)
    assert listing(tmp_path) == ["scans", "store"]


@pytest.mark.parametrize("value", [-1, 23, 2**31 - 1])
def test_an_index_that_leaves_its_scan_is_no_frame(
    files: ScanFiles, asked: Request, tmp_path: Path, value: int
) -> None:
    from ptycho_torch.errors import StaleStore

    opened(files.paths, asked(), tmp_path / "store")
    forged(tmp_path / "store", "rows/nn_indices.npy", 5, value)
    with pytest.raises(StaleStore, match="an index leaves its scan"):
        opened(files.paths, asked(), tmp_path / "store")
    assert len(opened(files.paths, asked(), tmp_path / "store", rebuild=True)) == 21


@pytest.mark.parametrize("value", [-1, 1, 3, 2**31 - 1])
def test_an_experiment_that_is_another_scan_or_none(
    files: ScanFiles, asked: Request, tmp_path: Path, value: int
) -> None:
    from ptycho_torch.errors import StaleStore

    opened(files.paths, asked(), tmp_path / "store")
    forged(tmp_path / "store", "rows/experiment_id.npy", 1, value)
    with pytest.raises(StaleStore, match="experiment_id: its numbers of rows are not those of the scans"):
        opened(files.paths, asked(), tmp_path / "store")


def source_with(**changes: Any) -> Callable[[Any], None]:
    """Change the first source of a manifest, and the place of its frames under ``frames``."""

    def change(plain: Any) -> None:
        source = plain["sources"][0]
        place = changes.pop("frames", {})
        source["frames"] = source["frames"] | place if isinstance(place, dict) else place
        source.update(changes)

    return change


STRANGE: dict[str, Callable[[Any], None]] = {
    "no sources": lambda plain: plain.update(sources=[]),
    "sources of another kind": lambda plain: plain.update(sources={"0": 1}),
    "a number for a source": lambda plain: plain.update(sources=[1]),
    "sources that are nothing": lambda plain: plain.update(sources=None),
    "a source without frames": lambda plain: plain["sources"][0].pop("frames"),
    "a source with more": source_with(more=1),
    "frames that are nothing": source_with(frames=None),
    "frames of two axes": source_with(frames={"shape": [23, 64]}),
    "frames that are not square": source_with(frames={"shape": [23, 4, 16]}),
    "no frames": source_with(frames={"shape": [0, 8, 8]}),
    "frames of a negative number": source_with(frames={"shape": [-23, 8, 8]}),
    "frames of a huge number": source_with(frames={"shape": [2**62, 8, 8]}),
    "frames of a number beyond": source_with(frames={"shape": [10**40, 8, 8]}),
    "frames of more than the file": source_with(frames={"shape": [2300, 8, 8], "checksums": "0" * 8}),
    "frames counted by text": source_with(frames={"shape": ["23", 8, 8]}),
    "frames counted by fractions": source_with(frames={"shape": [23.5, 8, 8]}),
    "frames counted by truth": source_with(frames={"shape": [True, 8, 8]}),
    "frames of objects": source_with(frames={"dtype": "|O"}),
    "frames of text": source_with(frames={"dtype": "<U8"}),
    "frames of no dtype": source_with(frames={"dtype": "{'a': 1}"}),
    "frames of an impossible dtype": source_with(frames={"dtype": "<f1"}),
    "frames before the file": source_with(frames={"offset": -8}),
    "frames behind the file": source_with(frames={"offset": 2**61}),
    "frames elsewhere in the source": source_with(frames={"offset": 8}),
    "frames in another folder": source_with(frames={"file": "../scans/m.npz"}),
    "frames in another file": source_with(frames={"file": "frames-7.npy"}),
    "no checksums": source_with(frames={"checksums": ""}),
    "checksums of other chunks": source_with(frames={"chunk": 7}),
    "chunks of nothing": source_with(frames={"chunk": 0}),
    "other checksums": source_with(frames={"checksums": "00000000"}),
    "rows of a negative number": source_with(rows=-1),
    "more rows": source_with(rows=8),
    "many more rows": source_with(rows=7 + 64),
    "rows of one scan counted for another": lambda plain: [
        plain["sources"][at].update(rows=rows) for at, rows in enumerate((6, 8, 7))
    ],
    "no modes": source_with(modes=0),
    "more modes": source_with(modes=9),
    "an energy that is none": source_with(mean_energy=float("nan")),
    "an energy beyond all": source_with(mean_energy=float("inf")),
    "an energy in words": source_with(mean_energy="1.0"),
    "metadata in words": source_with(metadata="sample b"),
    "a file of nothing": source_with(file={}),
    "a file of a name that is none": lambda plain: plain["sources"][0]["file"].update(path="a\0b"),
    "a file of a folder": lambda plain: plain["sources"][0]["file"].update(path="/"),
    "a file of another checksum": lambda plain: plain["sources"][0]["file"].update(blake2b="x" * 32, mtime_ns=1),
    "no channels": lambda plain: plain.update(channels=0),
    "other channels": lambda plain: plain.update(channels=3),
    "no list of files": lambda plain: plain.update(contents={}),
    "a list of files in words": lambda plain: plain.update(contents="all"),
    "a file more": lambda plain: plain["contents"].update({"../../x": plain["contents"]["points/energies.npy"]}),
    "a file less": lambda plain: plain["contents"].pop("points/energies.npy"),
    "a file of another size": lambda plain: plain["contents"]["points/energies.npy"].update(size=10**40),
    "no request": lambda plain: plain.update(request=None),
    "no id": lambda plain: plain.update(id=None),
    "no schema": lambda plain: plain.pop("schema"),
    "a schema of another kind": lambda plain: plain.update(schema=["ptycho_torch.store/3"]),
    "no profile": lambda plain: plain.pop("profile"),
    "something more": lambda plain: plain.update(more=1),
}


@pytest.mark.parametrize("what", STRANGE)
def test_a_strange_manifest_is_refused_though_its_checksum_fits(
    files: ScanFiles, asked: Request, tmp_path: Path, what: str
) -> None:
    from ptycho_torch.errors import StaleStore

    opened(files.paths, asked(), tmp_path / "store")
    plain = json.loads((tmp_path / "store" / "manifest.json").read_text())
    STRANGE[what](plain)
    changed_manifest(tmp_path / "store", plain)
    with pytest.raises(StaleStore, match="rebuild=True, or delete its folder"):
        images(opened(files.paths, asked(), tmp_path / "store"))
    assert len(opened(files.paths, asked(), tmp_path / "store", rebuild=True)) == 21


@pytest.mark.parametrize(
    "text", ["[" * 100_000, '{"a":' * 100_000, "7" * 10_000, "{", "[]", "null", "\ufeff{}", "\ud800", "\0" * 99, '"a']
)
def test_text_that_is_no_manifest(files: ScanFiles, asked: Request, tmp_path: Path, text: str) -> None:
    from ptycho_torch.errors import StaleStore
    from ptycho_torch.fingerprint import checksum_of

    opened(files.paths, asked(), tmp_path / "store")
    content = text.encode("utf-8", "surrogatepass")
    closed = content + b',\n "checksum": "%b"\n}\n' % checksum_of(content).encode()
    for written in (content, closed):
        (tmp_path / "store" / "manifest.json").write_bytes(written)
        with pytest.raises(StaleStore):
            opened(files.paths, asked(), tmp_path / "store")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs pipes")
@pytest.mark.parametrize("name", ["manifest.json", "frames-1.npy", "rows/nn_indices.npy"])
def test_what_is_no_file_is_no_part_of_a_store(files: ScanFiles, asked: Request, tmp_path: Path, name: str) -> None:
    from ptycho_torch.errors import StaleStore

    opened(files.paths, asked(), tmp_path / "store")
    place = tmp_path / "store" / name
    for put in (os.mkfifo, Path.mkdir, lambda place: place.symlink_to("/dev/zero")):
        place.unlink() if not place.is_dir() else place.rmdir()
        put(place)
        with pytest.raises(StaleStore):
            opened(files.paths, asked(), tmp_path / "store")


def whole(dataset: Any) -> bytes:
    """All that a data set gives."""
    fields, probe, scaling = dataset[:]
    given = [fields[name] for name in sorted(map(str, fields.keys()))]
    return b"".join(values.numpy().tobytes() for values in (*given, probe, scaling))


def test_no_damage_of_a_store_is_served(
    files: ScanFiles, asked: Request, tmp_path: Path, rng: np.random.Generator
) -> None:
    from conformance.scans.damage import damages
    from ptycho_torch.errors import StaleStore

    expected = whole(opened(files.paths, asked(), tmp_path / "store"))
    for file in sorted(path for path in (tmp_path / "store").rglob("*") if path.is_file()):
        sound, refused = file.read_bytes(), 0
        for what, damaged in damages(sound, rng):
            file.write_bytes(damaged)
            try:
                assert whole(opened(files.paths, asked(), tmp_path / "store")) == expected, f"{file.name} {what}"
            except StaleStore:
                refused += 1
        file.write_bytes(sound)
        assert refused > 20, file.name


def test_damaged_frames_are_refused_when_they_are_touched(files: ScanFiles, asked: Request, tmp_path: Path) -> None:
    """Frames of the compressed scan, which lie in the store; those of the others are served all the while."""
    from ptycho_torch.errors import StaleStore

    expected = images(opened(files.paths, asked(), tmp_path / "store"))
    flip(tmp_path / "store" / "frames-1.npy", -5)
    dataset = opened(files.paths, asked(), tmp_path / "store")
    np.testing.assert_array_equal(dataset[[0, 20]].fields["images"].numpy(), expected[[0, 20]])
    for rows in ([8], [0, 8, 20]):
        with pytest.raises(StaleStore, match=r"frames-1\.npy: frames 0 to 8 are not those"):
            dataset[rows]
    np.testing.assert_array_equal(images(opened(files.paths, asked(), tmp_path / "store", rebuild=True)), expected)


def test_frames_that_change_under_an_open_data_set(files: ScanFiles, asked: Request, tmp_path: Path) -> None:
    from ptycho_torch.errors import StaleStore

    frames = tmp_path / "store" / "frames-1.npy"
    dataset = opened(files.paths, asked(), tmp_path / "store")
    expected = images(dataset)
    frames.chmod(0o600)
    np.testing.assert_array_equal(images(dataset), expected)
    with frames.open("r+b") as stream:
        stream.seek(-9, os.SEEK_END)
        stream.write(b"\x77")
    with pytest.raises(StaleStore, match="are not those"):
        dataset[8]
    cut(frames)
    with pytest.raises(StaleStore, match="it was cut off"):
        dataset[8]
    assert int(dataset[0].fields["experiment_id"]) == 0


def test_an_exchanged_store_is_read_to_its_end(files: ScanFiles, asked: Request, tmp_path: Path) -> None:
    """What is mapped stays what it was when another process puts another store in its place."""
    dataset = opened(files.paths, asked(), tmp_path / "store")
    expected = images(dataset)
    opened(files.paths[::-1], asked(), tmp_path / "store", rebuild=True)
    np.testing.assert_array_equal(images(dataset), expected)
    shutil.rmtree(tmp_path / "store")
    np.testing.assert_array_equal(images(dataset), expected)


@pytest.mark.parametrize("number", [0, 1])
def test_a_source_edited_in_place_with_its_size_and_time_kept(
    files: ScanFiles, asked: Request, tmp_path: Path, number: int
) -> None:
    from ptycho_torch.errors import StaleStore

    path = files.paths[number]
    dataset = opened(files.paths, asked(), tmp_path / "store")
    status = path.stat()
    with path.open("r+b") as stream:
        stream.seek(status.st_size // 2)
        stream.write(b"\x11\x22")
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert (path.stat().st_size, path.stat().st_mtime_ns) == (status.st_size, status.st_mtime_ns)
    with pytest.raises(StaleStore, match="changed"):
        opened(files.paths, asked(), tmp_path / "store")
    if number == 0:
        with pytest.raises(StaleStore, match="changed"):
            dataset[0]


@pytest.mark.parametrize("kind", ["plain", "legacy"])
def test_a_source_that_is_cut_while_it_is_read(
    asked: Request, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    """Touching what is gone of a mapped file would end the process."""
    from ptycho_torch import building
    from ptycho_torch.errors import Refusal

    arrays = three_scans()[2]
    arrays["diff3d"] = np.repeat(arrays["diff3d"], 3, axis=0)
    arrays["xcoords"], arrays["ycoords"] = np.repeat(arrays["xcoords"], 3), np.repeat(arrays["ycoords"], 3)
    arrays = {name: arrays[name] for name in ("diff3d", "xcoords", "ycoords", "probeGuess")}
    if kind == "legacy":
        arrays["diff3d"] = np.ascontiguousarray(arrays["diff3d"].transpose(1, 2, 0))
    path = write(tmp_path / "scan.npz", arrays)
    kept = building._kept_frames

    def cutting(*given: Any) -> Any:
        cut(path)
        return kept(*given)

    monkeypatch.setattr(building, "_kept_frames", cutting)
    with pytest.raises(Refusal, match="cut off while it was read"):
        opened(path, asked(), tmp_path / "store")
    assert listing(tmp_path) == ["scan.npz"]


def test_the_command_tells_what_is_damaged(
    files: ScanFiles, asked: Request, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from ptycho_torch.__main__ import main

    store = tmp_path / "store"
    opened(files.paths, asked(), store)
    assert (main(["verify", str(store)]), capsys.readouterr().out) == (0, f"{store} is sound\n")
    flip(store / "frames-1.npy", 3)
    flip(store / "frames-1.npy", -1)
    flip(store / "probes" / "probe.npy", -1)
    files.paths[2].unlink()
    assert main(["verify", str(store)]) == 1
    told = capsys.readouterr().out
    for part in (
        "frames-1.npy: its checksum",
        "frames-1.npy: frames 0 to 8",
        "probe.npy: its checksum",
        "z.npz: it has gone",
    ):
        assert part in told
    flip(store / "manifest.json", 200)
    assert main(["verify", str(store)]) == 1
    assert "manifest: it is damaged" in capsys.readouterr().out
    with pytest.raises(SystemExit) as caught:
        main(["verify"])
    assert caught.value.code == 2
