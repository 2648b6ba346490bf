"""Checks of scan files (NPZ): what is refused."""

from __future__ import annotations

import io
import warnings
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from conformance.backends.subject import Subject
from conformance.checks.npz.loading import gives_index, laid, marked, plain
from conformance.contract.arrays import COORDINATES, PAIRS, PER_POSITION
from conformance.contract.types import Array
from conformance.engine.declaration import check
from conformance.evidence.evidence import Evidence
from conformance.scans.domain import Property, many, places, side, takes


def refuse_all(subject: Subject, evidence: Evidence, cases: Iterable[tuple[str, dict[str, Any]]]) -> None:
    """Require that every case is refused, beside a sound file that is accepted."""
    sound = subject.write(plain())
    for what, arrays in cases:
        path = subject.write(arrays)
        evidence.refused(lambda: subject.adapter.load(path), what, beside=lambda: subject.adapter.load(sound))


@check("NPZ-001")
def test_a_missing_member_is_refused(subject: Subject, evidence: Evidence) -> None:
    names = ("xcoords", "ycoords", "diff3d", "probeGuess")
    refuse_all(subject, evidence, ((f"a file without {name}", (plain() | {name: None})) for name in names))


@check("NPZ-006")
def test_two_different_stacks_are_refused(subject: Subject, evidence: Evidence) -> None:
    frames = plain()["diff3d"]
    changed = frames.copy()
    changed[-1, 2, 3] += 1
    cases = [("two stacks that differ in one pixel", plain(diffraction=changed))]
    cases.append(("two stacks of different length", plain(diffraction=frames[:-1])))
    cases.append(("two stacks with the same frames in another order", plain(diffraction=frames[::-1])))
    refuse_all(subject, evidence, cases)


@check("NPZ-012")
def test_stacks_of_no_known_layout_are_refused(subject: Subject, evidence: Evidence) -> None:
    frames = plain()["diff3d"]
    cases = [
        ("a stack whose middle axis counts the frames", plain(diff3d=np.moveaxis(frames, 0, 1))),
        ("a single frame", plain(diff3d=frames[0])),
        ("a stack with five axes", plain(diff3d=frames[:, :, :, np.newaxis, np.newaxis])),
        *((f"a stack {held.shape}", plain(diff3d=held)) for held in (frames[np.newaxis], frames[..., np.newaxis])),
        ("a flat stack", plain(diff3d=frames.reshape(20, -1))),
    ]
    refuse_all(subject, evidence, cases)


@check("NPZ-013")
def test_frames_that_are_not_square_are_refused(subject: Subject, evidence: Evidence) -> None:
    N = side(8)
    shapes = [(N, N + 4), (N + 4, N), (N, N + 1), (N, N + 2), (N - 1, N)]
    refuse_all(
        subject, evidence, ((f"frames of {one}", plain(diff3d=np.ones((20, *one), np.float32))) for one in shapes)
    )


@check("NPZ-014")
def test_odd_and_tiny_sides_are_refused(subject: Subject, evidence: Evidence) -> None:
    def sized(N: int) -> dict[str, Any]:
        return plain(diff3d=np.ones((20, N, N), np.float32), probeGuess=np.ones((N, N), np.complex64))

    refuse_all(subject, evidence, ((f"frames of {N} x {N}", sized(N)) for N in (2, 4, 6, 7, 9, 11, 13, 33, 65)))


@check("NPZ-016")
def test_frames_that_are_no_real_numbers_are_refused(subject: Subject, evidence: Evidence) -> None:
    frames = plain()["diff3d"]
    cases = [(f"a stack of {dtype}", plain(diff3d=frames.astype(dtype))) for dtype in ("c8", "c16", "?", "U8")]
    refuse_all(subject, evidence, cases)


@check("NPZ-017")
def test_non_finite_frames_are_refused_with_the_index(subject: Subject, evidence: Evidence) -> None:
    sound = subject.write(plain())
    half = (("f2", np.nan, (6, 1, 7)), ("f8", np.inf, (9, 4, 2)))
    single = ((np.nan, (17, 2, 5)), (np.inf, (3, 7, 0)), (-np.inf, (11, 0, 6)))
    for dtype, value, index in (*(("f4", *one) for one in single), *half):
        frames = plain()["diff3d"].astype(dtype)
        frames[index] = value
        path = subject.write(plain(diff3d=laid(frames, last=value == np.inf), **marked(index)))
        error = evidence.refused(
            lambda: subject.adapter.load(path),
            f"a stack with {value}",
            beside=lambda: subject.adapter.load(sound),
        )
        evidence.worded(gives_index(error, index), f"The message does not give the frame, row, column {index}: {error}")


@check("NPZ-018")
def test_negative_amplitudes_are_refused_with_the_index(subject: Subject, evidence: Evidence) -> None:
    sound = subject.write(plain())
    for dtype, index, value in (
        ("f4", (17, 2, 5), -1),
        ("f8", (0, 7, 3), -1),
        ("i2", (19, 6, 4), -1),
        *((dtype, (13, 5, 0), -3) for dtype in ("i1", "i4", "i8", "f2")),
        ("f4", (4, 6, 1), -1e-45),
        ("f8", (2, 3, 7), -1e-300),
    ):
        frames = np.round(np.minimum(plain()["diff3d"], 100)).astype(dtype)
        frames[index] = value
        path = subject.write(plain(diff3d=laid(frames, last=dtype == "f8"), **marked(index)))
        error = evidence.refused(
            lambda: subject.adapter.load(path),
            f"a negative amplitude in {np.dtype(dtype)}",
            beside=lambda: subject.adapter.load(sound),
        )
        evidence.worded(gives_index(error, index), f"The message does not give the frame, row, column {index}: {error}")


@check("NPZ-017", "NPZ-018")
def test_the_last_frame_of_a_long_stack_is_looked_at(subject: Subject, evidence: Evidence) -> None:
    N, sound = side(8), subject.write(plain())
    M = many(5_003, N)
    frames = np.random.default_rng(18).uniform(0.5, 3.0, (M, N, N)).astype(np.float32)
    rest = {name: places(np.arange(M) * 0.25) for name in ("xcoords", "ycoords")} | {
        "probeGuess": plain()["probeGuess"]
    }
    for what, value in (("a NaN", np.nan), ("an infinity", np.inf), ("a negative amplitude", -0.5)):
        frames[-1, 7, 6] = value
        path = subject.write(rest | {"diff3d": frames})
        evidence.refused(
            lambda: subject.adapter.load(path),
            f"{what} in the last of {M} frames",
            beside=lambda: subject.adapter.load(sound),
        )


@check("NPZ-019")
def test_fewer_positions_than_frames_are_refused(subject: Subject, evidence: Evidence) -> None:
    def short(by: int) -> dict[str, Any]:
        names = PER_POSITION
        arrays = plain()
        return arrays | {name: arrays[name][:-by] for name in names}

    refuse_all(subject, evidence, ((f"{by} positions too few", short(by)) for by in (1, 2, 7)))
    if not takes(Property.LEGACY):
        return
    legacy = {by: short(by) | {"diff3d": np.moveaxis(plain()["diff3d"], 0, -1)} for by in (1, 5)}
    refuse_all(subject, evidence, ((f"{by} positions too few, frames last", held) for by, held in legacy.items()))


@check("NPZ-021")
def test_coordinates_of_unequal_length_are_refused(subject: Subject, evidence: Evidence) -> None:
    arrays = plain()
    cases = []
    for name in COORDINATES:
        cases.append((f"{name} one short", arrays | {name: arrays[name][:-1]}))
        cases.append((f"{name} one long", arrays | {name: np.append(arrays[name], 1.0)}))
        # One number goes with any number of others, where arrays are broadcast.
        cases.append((f"{name} of one number", arrays | {name: arrays[name][:1]}))
    # Only all coordinates together may be longer than the stack; a pair by itself is none of the other one.
    for pair, (x, y) in zip(("the positions", "the start positions"), PAIRS, strict=True):
        cases.append((f"{pair} one short", arrays | {x: arrays[x][:-1], y: arrays[y][:-1]}))
        cases.append((f"{pair} one long", arrays | {x: np.append(arrays[x], 1.0), y: np.append(arrays[y], 1.0)}))
    refuse_all(subject, evidence, cases)


@check("NPZ-022")
def test_coordinates_that_are_no_list_of_numbers_are_refused(subject: Subject, evidence: Evidence) -> None:
    cases = []
    for name in ("xcoords", "ycoords"):
        values = plain()[name]
        broken, far = values.copy(), values.copy()
        broken[4], far[-1] = np.nan, np.inf
        cases += [
            (f"{name} as a column", (plain() | {name: values[:, np.newaxis]})),
            (f"{name} as a row", (plain() | {name: values[np.newaxis]})),
            (f"complex {name}", (plain() | {name: values.astype(complex)})),
            (f"{name} as text", (plain() | {name: values.astype("U20")})),
            (f"boolean {name}", (plain() | {name: values > 20})),
            (f"{name} with a NaN", (plain() | {name: broken})),
            (f"{name} with an infinity", (plain() | {name: far})),
        ]
    cases.append(("start positions of NaN alone", plain() | {name: np.full(20, np.nan) for name in PAIRS[1]}))
    refuse_all(subject, evidence, cases)


@check("NPZ-023")
def test_an_empty_scan_is_refused(subject: Subject, evidence: Evidence) -> None:
    names = ("xcoords", "ycoords", "diff3d", "xcoords_start", "ycoords_start", "scan_index")
    arrays = plain()
    refuse_all(subject, evidence, [("a scan without points", arrays | {name: arrays[name][:0] for name in names})])


@check("NPZ-025")
def test_probes_that_do_not_fit_are_refused(subject: Subject, evidence: Evidence) -> None:
    probe = plain()["probeGuess"]
    broken = probe.copy()
    broken[3, 4] = np.nan
    turned, several = probe.copy(), np.stack([probe, probe * 2, probe * 3])
    turned.imag[7, 0], several[2, 7, 7] = np.inf, np.nan
    N = side(8)
    cases = [
        ("a probe of another side", np.ones((N + 2, N + 2), np.complex64)),
        ("a probe of one row", probe[:1]),
        ("a rectangular probe", np.ones((N, N + 2), np.complex64)),
        ("modes of another side", np.ones((2, N + 2, N + 2), np.complex64)),
        ("a probe with modes last", np.ones((N, N, 3), np.complex64)),
        ("a flat probe", probe.ravel()),
        ("a probe with four axes", probe[np.newaxis, np.newaxis]),
        ("modes with a fourth axis", np.stack([probe, probe * 2])[..., np.newaxis]),
        ("a probe with a NaN", broken),
        ("a probe with an infinite imaginary part", turned),
        ("a probe with a NaN in its last mode", several),
        ("a probe of text", np.full((N, N), "1")),
    ]
    refuse_all(subject, evidence, ((what, plain(probeGuess=given)) for what, given in cases))


@check("NPZ-026")
def test_objects_of_another_rank_are_refused(subject: Subject, evidence: Evidence) -> None:
    obj = plain()["objectGuess"]
    cases = [("an object with two layers", np.stack([obj, obj])), ("a flat object", obj.ravel())]
    # An axis of length one is an axis: who drops it here drops a layer elsewhere.
    cases += [(f"an object {held.shape}", held) for held in (obj[np.newaxis], obj[..., np.newaxis])]
    refuse_all(subject, evidence, ((what, plain(objectGuess=given)) for what, given in cases))


@check("NPZ-027")
def test_patches_of_another_shape_are_refused(subject: Subject, evidence: Evidence) -> None:
    M, N = len(plain()["xcoords"]), side(8)
    patches = np.ones((M, N, N), np.complex64) * np.linspace(1, 2, M)[:, None, None]
    cases = [
        ("a patch too few", patches[:-1]),
        ("a patch too many", np.concatenate([patches, patches[:1]])),
        ("patches of another side", np.ones((M, N + 2, N + 2), np.complex64)),
        ("grouped patches", np.ones((M, N, N, 4), np.complex64)),
        *((f"patches {held.shape}", held) for held in (patches[np.newaxis], patches[:, np.newaxis])),
    ]
    refuse_all(subject, evidence, ((what, plain(Y=given)) for what, given in cases))


class _Trap:
    """Tells whether it was unpickled."""

    def __init__(self, marker: Path) -> None:
        self.marker = marker

    def __reduce__(self) -> tuple[Any, ...]:
        return (Path.touch, (self.marker,))


@check("NPZ-031")
def test_nothing_is_unpickled(subject: Subject, evidence: Evidence) -> None:
    sound = subject.write(plain())
    for name in ("diff3d", "xcoords", "probeGuess"):
        folder = subject.fresh_folder()
        marker, path = folder / "executed", folder / "scan.npz"
        trap = np.empty(20, dtype=object)
        trap[:] = [_Trap(marker) for _ in range(20)]
        np.savez(path, **(plain() | {name: trap}))
        try:
            evidence.refused(
                lambda: subject.adapter.load(path),
                f"a file whose {name} needs unpickling",
                beside=lambda: subject.adapter.load(sound),
            )
        finally:
            # Whatever else it did: that code was executed is the gravest finding.
            evidence.holds(not marker.exists(), f"Loading executed a pickle that came with the data, in {name}.")
    folder = subject.fresh_folder()
    marker, path = folder / "executed", folder / "scan.npz"
    hidden = np.array([_Trap(marker)], dtype=object)
    np.savez(path, **plain(), _metadata=hidden, notes=hidden)
    try:
        evidence.accepted(lambda: subject.adapter.load(path), "a file with unknown and metadata members of objects")
    finally:
        evidence.holds(not marker.exists(), "Loading executed a pickle that came with the data.")


def _lying_archive(path: Path, claim: str) -> None:
    arrays = plain()
    with zipfile.ZipFile(path, "w") as archive:
        for name, values in arrays.items():
            stream = io.BytesIO()
            np.lib.format.write_array(stream, np.asarray(values))
            content = stream.getvalue()
            if name == "diff3d":
                # The claim is padded so that the header keeps its length.
                true = str(values.shape).encode()
                content = content.replace(true + b", }" + b" " * (len(claim) - len(true)), f"{claim}, }}".encode(), 1)
            archive.writestr(f"{name}.npy", content)


def no_numbers(what: str, values: Array) -> Iterator[tuple[str, Array]]:
    """Yield values in types that convert to numbers and are none."""
    whole = np.abs(values).astype(np.int64)
    yield f"{what} of text", whole.astype("U8")
    yield f"{what} of bytes", whole.astype("S8")
    yield f"{what} of dates", whole.astype("M8[s]")


@check("NPZ-026")
def test_objects_that_are_no_numbers_are_refused(subject: Subject, evidence: Evidence) -> None:
    obj = plain()["objectGuess"]
    refuse_all(subject, evidence, ((what, plain(objectGuess=held)) for what, held in no_numbers("an object", obj)))


@check("NPZ-027")
def test_patches_that_are_no_numbers_are_refused(subject: Subject, evidence: Evidence) -> None:
    frames = plain()["diff3d"]
    refuse_all(subject, evidence, ((what, plain(Y=held)) for what, held in no_numbers("patches", frames)))


@check("NPZ-028")
def test_labels_that_are_no_list_of_numbers_are_refused(subject: Subject, evidence: Evidence) -> None:
    labels = np.arange(20) % 3
    cases = [
        ("labels in a column", plain(scan_index=labels[:, np.newaxis])),
        *((what, plain(scan_index=held)) for what, held in no_numbers("labels", labels)),
        ("a single label", plain(scan_index=np.array(3))),
        *((f"{n} labels for 20 points", plain(scan_index=np.resize(labels, n))) for n in (19, 21, 1)),
    ]
    refuse_all(subject, evidence, cases)


@check("NPZ-033")
def test_a_member_that_occurs_twice_is_refused(subject: Subject, evidence: Evidence) -> None:
    """Readers of archives take the last one, or the first; neither is what was meant."""
    sound, path = subject.write(plain()), subject.write(plain())
    other = io.BytesIO()
    np.lib.format.write_array(other, plain()["xcoords"][::-1].copy())
    with warnings.catch_warnings(), zipfile.ZipFile(path, "a") as archive:
        warnings.simplefilter("ignore")
        archive.writestr("xcoords.npy", other.getvalue())
    evidence.refused(
        lambda: subject.adapter.load(path),
        "an archive that holds xcoords twice",
        beside=lambda: subject.adapter.load(sound),
    )


@check("NPZ-033")
def test_damaged_archives_are_refused(subject: Subject, evidence: Evidence) -> None:
    sound = subject.write(plain())
    whole = sound.read_bytes()
    contents = {
        "a truncated archive": whole[: len(whole) // 2],
        "an archive without its last bytes": whole[:-10],
        "an empty file": b"",
        "a file that is no archive": b"xcoords,ycoords\n1,2\n" * 50,
    }
    for what, content in contents.items():
        path = subject.fresh_folder() / "scan.npz"
        path.write_bytes(content)
        evidence.refused(lambda: subject.adapter.load(path), what, beside=lambda: subject.adapter.load(sound))
    # The last one promises 2**67 bytes too many, which 64-bit integers do not notice.
    M, N, _ = plain()["diff3d"].shape
    for claim in (f"({M}, {N}, {N}0)", f"(2000000000, {N}, {N})", f"({M}, {N}, 6)", f"({2**61 + M}, {N}, {N})"):
        path = subject.fresh_folder() / "scan.npz"
        _lying_archive(path, claim.ljust(len(str((M, N, N)))))
        evidence.refused(
            lambda: subject.adapter.load(path),
            f"a stack whose header claims {claim}",
            beside=lambda: subject.adapter.load(sound),
        )


@check("NPZ-023")
def test_positions_without_a_frame_are_refused(subject: Subject, evidence: Evidence) -> None:
    """Every position is to spare, and a scan has at least one point."""
    refuse_all(subject, evidence, [("no frames beside 20 positions", plain(diff3d=np.ones((0, 8, 8), np.float32)))])


@check("NPZ-036")
def test_units_that_are_no_pair_are_refused(subject: Subject, evidence: Evidence) -> None:
    def declared(version: str | None, domain: str | None) -> dict[str, Any]:
        given = {"scale_contract_version": version, "measurement_domain": domain}
        return plain() | {name: None if value is None else np.array(value) for name, value in given.items()}

    pairs = [
        *((version, "normalized_amplitude") for version in ("Legacy_v1", "legacy_v1 ", "legacy_v1.1", "")),
        ("legacy_v1", None),
        (None, "normalized_amplitude"),
        ("ci_intensity_v2", None),
        (None, "count_intensity"),
        ("legacy_v1", "count_intensity"),
        ("ci_intensity_v2", "normalized_amplitude"),
        ("v3", "normalized_amplitude"),
        ("legacy_v1", "photons"),
    ]
    refuse_all(subject, evidence, ((f"units declared as {pair}", declared(*pair)) for pair in pairs))
