"""Holograms are no far-field patterns: said first and with evidence, and of no far-field scan."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from conformance.files.diagnose.engine import Diagnosis, diagnose
from conformance.files.diagnose.near_field import Shear, near_field, sheared
from conformance.files.diagnose.sample import Scan, take
from conformance.files.diagnose.sentences import sentences
from conformance.files.diagnose.verdict import Word
from conformance.scans.beamline import Beamtime, Setup, beamtime
from conformance.scans.faults import inflict
from conformance.scans.holography import Light
from conformance.scans.holography import holograms as wide_holograms
from tests.files.diagnosed import petra, siemens

DEFOCUSED = Setup(beam="defocused", path="jittered", M=120, N=48, pitch=0.2, photons=1e5, seed=3)
KINDS = (
    DEFOCUSED,
    pytest.param(replace(DEFOCUSED, beam="zone-plate", matter="particles"), marks=pytest.mark.night),
    pytest.param(replace(DEFOCUSED, beam="diffuser"), marks=pytest.mark.night),
    pytest.param(replace(DEFOCUSED, matter="particles", path="fermat", pitch=0.15), marks=pytest.mark.night),
)


def holograms(made: Beamtime) -> Scan:
    arrays = {"xcoords": made.positions[:, 0], "ycoords": made.positions[:, 1], "diff3d": np.sqrt(made.counts)}
    arrays |= {"probeGuess": made.probe, "objectGuess": made.object}
    frames = inflict(arrays, ("near-field",), np.random.default_rng(0))["diff3d"]
    return Scan(frames, made.positions, made.probe, made.object)


def said_of(scan: Scan, declared: str = "amplitude") -> Diagnosis:
    return diagnose(scan, np.random.default_rng(0), declared)


@pytest.mark.parametrize("setup", KINDS)
def test_simulated_holograms_are_named(setup: Setup) -> None:
    scan = holograms(beamtime(setup))
    found = said_of(replace(scan, probe=None, object=None))
    assert [one.name for one in found.faults] == ["near-field"]
    assert found.faults[0].sure
    assert not found.canonical
    assert "none of the conventions of a far-field scan fits" in sentences(found)[0]


def test_probe_and_object_add_no_wrong_name() -> None:
    found = said_of(holograms(beamtime(DEFOCUSED)))
    assert {one.name for one in found.faults} == {"near-field"}


@pytest.mark.parametrize(
    "light", ["speckle", *(pytest.param(one, marks=pytest.mark.night) for one in ("plain", "disc"))]
)
@pytest.mark.parametrize("probe", [True, pytest.param(False, marks=pytest.mark.night)])
def test_holograms_of_a_wide_beam_are_never_blessed(light: Light, probe: bool) -> None:
    """A and B hold for them as in the far field, and a flat beam suits them; nothing shows a far field."""
    setup = Setup(matter="strong", M=100, N=32, photons=3e5, seed=2)
    made = wide_holograms(setup, light, 8.0, 4.0)
    found = said_of(Scan(made.counts, made.positions, made.probe if probe else None), "counts")
    assert not found.canonical
    assert found.orientation.word is not Word.CERTAIN or any(one.name == "near-field" for one in found.faults)
    assert found.orientation.turn is None or found.orientation.twin_open


@pytest.mark.parametrize("seed", [0, *(pytest.param(one, marks=pytest.mark.night) for one in (1, 2))])
def test_holograms_that_look_like_the_transform_of_their_probe_are_never_blessed(seed: int) -> None:
    """The mean hologram is a disc as large as the aperture, so that the probe seems right; its twin would be wrong."""
    setup = Setup(beam="far-defocused", matter="strong", path="fermat", M=100, N=32, pitch=0.28, photons=1e5, seed=seed)
    scan = holograms(beamtime(setup))
    found = said_of(replace(scan, positions=-scan.positions, object=None))
    assert not found.canonical
    assert found.orientation.word is not Word.CERTAIN or any(one.name == "near-field" for one in found.faults)
    assert found.orientation.turn is None or found.orientation.twin_open


@pytest.mark.parametrize("setup", KINDS[:3])
def test_the_far_field_is_shown(setup: Setup) -> None:
    made = beamtime(setup)
    found = said_of(Scan(made.counts, made.positions, made.probe), "counts")
    assert found.orientation.word is Word.CERTAIN
    assert not found.orientation.twin_open
    assert not found.faults


@pytest.mark.night
@pytest.mark.parametrize("beam", ["defocused", "far-defocused", "diffuser", "zone-plate", "focus"])
@pytest.mark.parametrize("matter", ["strong", "weak", "particles"])
def test_no_far_field_scan_is_called_near(beam: str, matter: str) -> None:
    made = beamtime(replace(DEFOCUSED, beam=beam, matter=matter))
    found = said_of(Scan(made.counts, made.positions), "counts")
    assert not any(one.sure for one in found.faults if one.name == "near-field")


def test_the_spread_of_light_is_measured() -> None:
    """The shadow of a scan made at 6 pixels² moves with the positions; the estimate is that within its grid."""
    scan = holograms(beamtime(DEFOCUSED))
    sample = take(scan, np.square, np.random.default_rng(0))
    found = sheared(sample, np.eye(2), np.random.default_rng(0))
    assert found is not None
    assert found.pixels < 0.4 * found.width
    assert found.lead > 4


@pytest.mark.night
def test_the_measured_near_field_scan_is_certainly_none_of_the_far_field() -> None:
    found = said_of(petra(), "counts")
    (fault,) = [one for one in found.faults if one.name == "near-field"]
    assert fault.word is Word.CERTAIN
    # By the lines of its file: 98 pm, 3.7 mm behind the focus, pixels of 0.18 um in the plane of the sample.
    assert fault.figures["spread"] == pytest.approx(11, rel=0.5)


@pytest.mark.night
def test_the_measured_far_field_scan_is_not() -> None:
    scan = siemens()
    found = said_of(replace(scan, probe=None, object=None))
    assert "near-field" not in {one.name for one in found.faults}


@pytest.mark.parametrize(("seen", "word"), [(True, Word.CERTAIN), (False, Word.CANNOT_TELL)])
def test_a_shadow_that_nobody_saw_move_makes_no_hologram(seen: bool, word: Word) -> None:
    # The cross of a square aperture in the far field, at whose defocus F guesses.
    found = Shear(25.0, 0.107, 0.068, 1.5, 10.5, 10.5, seen)
    (fault,) = near_field(found, 96, supported=False)
    assert fault.word is word
