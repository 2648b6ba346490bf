"""Checks of reassembly (REA): neither the order of patches nor their parts make a difference."""

from __future__ import annotations

import numpy as np

from conformance.backends.subject import Subject
from conformance.checks.reassembly.canvases import CANVAS, DRAWN, averaged, cut, fits, noise, placed, whole_canvas
from conformance.contract.types import Array
from conformance.engine.declaration import check
from conformance.evidence.evidence import Evidence
from conformance.scans.domain import Property, places, side, takes


@check("REA-008", given=DRAWN)
def test_order_does_not_matter(subject: Subject, evidence: Evidence, n: int, N: int, seed: int, whole: bool) -> None:
    _, centres, patches = cut(n + 1, N, seed, whole=whole)
    order = np.roll(np.arange(n + 1), 1)
    plain = fits(evidence, subject.adapter.reassemble(patches, centres), centres, N)
    seen = fits(evidence, subject.adapter.reassemble(patches[order], centres[order]), centres, N)
    for what, first, second in zip(("object", "coverage", "origin_xy"), plain, seen, strict=True):
        # Pixels with hardly any weight are a division of rounding errors.
        keep = plain[1] > 1e-2 if what == "object" else np.ones_like(first, dtype=bool)
        evidence.close(second[keep], first[keep], f"{what} of patches in another order", rtol=0, atol=1e-4)


@check("REA-009", given=DRAWN)
def test_streaming_equals_whole(subject: Subject, evidence: Evidence, n: int, N: int, seed: int, whole: bool) -> None:
    _, centres, patches = cut(n + 3, N, seed, whole=whole)
    plain = whole_canvas(subject.adapter.reassemble(patches, centres))
    for chunk in (1, 2, n + 2, n + 3, 2**40):
        placed = evidence.accepted(lambda: subject.adapter.reassemble(patches, centres, chunk), f"a chunk of {chunk}")
        seen = whole_canvas(placed)
        for what, first, second in zip(("object", "coverage", "origin_xy"), plain, seen, strict=True):
            evidence.close(
                second,
                first,
                f"{what} put together in chunks of {chunk}",
                rtol=0,
                atol=2e-5,
                axes=CANVAS[: first.ndim] if first.ndim == 2 else (),
                suspects=lambda: (
                    unchunked(patches, centres, chunk, plain, what) | apart(subject, patches, centres, chunk, what)
                ),
            )


def unchunked(
    patches: Array, centres: Array, chunk: int, plain: tuple[Array, Array, Array], what: str
) -> dict[str, Array]:
    """What streaming with a known mistake would give."""
    if what == "origin_xy":
        return {}
    shape, origin, place = plain[0].shape, plain[2], ("object", "coverage").index(what)
    whole = len(patches) // chunk * chunk
    silent = np.array(patches)
    silent[whole:] = 0
    missing = averaged(patches[:whole], centres[:whole], shape, origin)
    return {
        "the last, incomplete chunk is missing": missing[place],
        "the last, incomplete chunk counts, but adds nothing": averaged(silent, centres, shape, origin)[place],
        "the first chunk counts twice": averaged(
            np.concatenate([patches, patches[:chunk]]), np.concatenate([centres, centres[:chunk]]), shape, origin
        )[place],
        "the means of chunks are averaged": _mean_of_chunks(patches, centres, chunk, shape, origin)[place],
        "only the first chunk is left": averaged(patches[:chunk], centres[:chunk], shape, origin)[place],
        "only the last chunk is left": averaged(patches[-chunk:], centres[-chunk:], shape, origin)[place],
    }


def apart(subject: Subject, patches: Array, centres: Array, chunk: int, what: str) -> dict[str, Array]:
    """What the backend gives at once of positions that are centred chunk by chunk.

    Parameters
    ----------
    subject : Subject
    patches : (n, N, N) complex
    centres : (n, 2) float
    chunk : int
    what : str
        ``object``, ``coverage`` or ``origin_xy``.
    """
    middle = np.round(centres.mean(axis=0))
    parts = [centres[start : start + chunk] for start in range(0, len(centres), chunk)]
    place, found = ("object", "coverage", "origin_xy").index(what), {}
    for how, whole in (("to whole pixels", np.round), ("exactly", np.asarray)):
        moved = np.concatenate([part - whole(part.mean(axis=0)) + middle for part in parts])
        name = f"every chunk is centred for itself, {how}"
        found[name] = whole_canvas(subject.adapter.reassemble(patches, moved))[place]
    return found


def _mean_of_chunks(
    patches: Array, centres: Array, chunk: int, shape: tuple[int, ...], origin: Array
) -> tuple[Array, Array]:
    """Canvas and coverage when each chunk is averaged by itself, and the chunks then among each other."""
    total, seen = np.zeros(shape, dtype=np.complex128), np.zeros(shape)
    for start in range(0, len(patches), chunk):
        rows = slice(start, start + chunk)
        own, there = averaged(patches[rows], centres[rows], shape, origin)
        total, seen = total + own, seen + (there > 1e-6)
    return total / np.maximum(seen, 1), averaged(patches, centres, shape, origin)[1]


@check("REA-009")
def test_a_middle_between_pixels_is_one_for_all_chunks(subject: Subject, evidence: Evidence) -> None:
    """Where the mean of the positions is half a pixel, each way to round it is right, and two ways are not."""
    N = side(8)
    patches = noise(4, N, 33)
    for middle in ((10.5, 11.5), (-3.5, 6.5), (12.5, -4.5)):
        corners = np.array([[-2.0, -1.0], [2.0, 1.0], [-1.0, 3.0], [1.0, -3.0]])
        # Whole positions, whose mean is a half: one is a pixel off twice.
        centres = corners + np.floor(middle) + np.array([[0, 1], [1, 0], [1, 0], [0, 1]])
        if not takes(Property.NEGATIVE) and centres.min() < 0:
            continue
        plain = whole_canvas(subject.adapter.reassemble(patches, centres))
        for chunk in (1, 3, 4, 9):
            seen = whole_canvas(subject.adapter.reassemble(patches, centres, chunk))
            for what, first, second in zip(("object", "coverage", "origin_xy"), plain, seen, strict=True):
                said = f"{what} in chunks of {chunk}, where the mean of the positions is {middle}, against all at once"
                evidence.close(second, first, said, rtol=0, atol=2e-5)


@check("REA-009")
def test_many_patches_in_parts(subject: Subject, evidence: Evidence) -> None:
    n, N = 331, side(8)
    patches, spread = noise(n, N, 32), np.random.default_rng(32).uniform(0, 1, (n, 2))
    # Beside those that lie far apart a pile, of which a pixel is under more than a byte can count.
    for extent, chunks in ((40, (None, 30, 64, 100, 330)), (3, (100, 330))):
        for chunk in chunks:
            what = f"{n} patches on {extent} pixels placed {'at once' if chunk is None else f'{chunk} at a time'}"
            placed(subject, evidence, patches, places(spread * extent), what, chunk)


@check("REA-009")
def test_every_chunk_of_every_kind(subject: Subject, evidence: Evidence) -> None:
    """Chunks that divide the number and that do not, real patches first, dark ones later, far away and below zero."""
    for step in (0.0, 5.0e3, -700.0):
        _, centres, patches = cut(12, side(8), 56, whole=False)
        patches[:3].imag, patches[[2, 7]] = 0, 0
        for chunk in (1, 3, 4, 5, 12, 13):
            placed(
                subject, evidence, patches, np.round(centres * 64) / 64 + step, f"patches in chunks of {chunk}", chunk
            )
