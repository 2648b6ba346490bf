"""A probe is not said to be of the far field beside patterns that lack their brightest part."""

from __future__ import annotations

import numpy as np
import pytest

from conformance.files.diagnose.off_centre import off_centre
from conformance.files.diagnose.orientation import Orientation
from conformance.files.diagnose.sample import Sample
from conformance.files.diagnose.verdict import Verdict, Word

N, FRAMES = 32, 20


@pytest.mark.parametrize("cut", [False, True])
def test_a_probe_like_the_mean_frame_is_doubted_where_values_share_the_largest(cut: bool) -> None:
    r = np.arange(N) - N / 2
    probe = np.exp(-np.add.outer(r**2, r**2) / 50)[np.newaxis].astype(np.complex64)
    counts = np.random.default_rng(3).poisson(1000 * np.abs(probe) ** 2 + 1, (FRAMES, N, N)).astype(np.float32)
    counts = np.minimum(counts, 900) if cut else counts
    sample = Sample(counts, np.zeros((FRAMES, 2)), np.arange(FRAMES), np.ones((N, N), bool), probe)
    nothing = Orientation(Verdict(Word.CANNOT_TELL, None, float("nan"), False, ""), (), None)
    (fault,) = off_centre(sample, nothing, 1.0, np.random.default_rng(0))
    assert fault.name == "probe"
    assert fault.word is (Word.CANNOT_TELL if cut else Word.LIKELY)
    assert ("cut off or wrapped round" in fault.sentence) == cut
