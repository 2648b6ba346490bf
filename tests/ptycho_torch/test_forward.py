"""What training asks of the forward model beyond the contract: gradients, and a probe for each row of a batch."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from conformance.oracles.patches import patches_at
from conformance.oracles.physics import amplitudes_of
from conformance.scans.specimens import structured_object, structured_probe

pytestmark = pytest.mark.torch
Array = NDArray[Any]
N = 12


@pytest.fixture
def torch() -> Any:
    return pytest.importorskip("torch", reason="the forward model is PyTorch's")


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(77)


@pytest.mark.parametrize("modes", [1, 2])
def test_every_row_under_its_own_probe(modes: int, torch: Any, rng: np.random.Generator) -> None:
    from ptycho_torch.physics import diffraction_amplitude

    patches = np.stack([[structured_object(rng, (N, N)) for _ in range(4)] for _ in range(3)])
    probes = np.stack([structured_probe(rng, N, modes).reshape(modes, N, N) for _ in range(3)])
    expected = np.stack([amplitudes_of(row, probe) for row, probe in zip(patches, probes, strict=True)])
    batch = torch.from_numpy(probes).unsqueeze(1).expand(-1, 4, -1, -1, -1)
    seen = diffraction_amplitude(torch.from_numpy(patches), batch)
    np.testing.assert_allclose(seen.numpy(), expected, rtol=0, atol=1e-5 * expected.max())


@pytest.mark.parametrize(
    ("patches", "probe"),
    [
        ((3, 4, N, N), (4, 2, N, N)),  # would broadcast over the rows
        ((3, 4, N, N), (1, 4, 2, N, N)),
        ((4, N, N), (3, 4, 2, N, N)),  # one scan's patches under every scan's probe
        ((3, 4, N, N), (3, 4, 2, N, N + 2)),
        ((3, 4, N, N), (N,)),
        ((N,), (N, N)),
    ],
)
def test_axes_that_do_not_agree_are_refused(patches: tuple[int, ...], probe: tuple[int, ...], torch: Any) -> None:
    from ptycho_torch.errors import Refusal
    from ptycho_torch.physics import diffraction_intensity

    with pytest.raises(Refusal) as refused:
        diffraction_intensity(torch.ones(patches, dtype=torch.complex64), torch.ones(probe, dtype=torch.complex64))
    assert refused.value.clause == "PHY-014"


def test_gradients_are_those_of_the_oracle(torch: Any, rng: np.random.Generator) -> None:
    """Autograd against central differences of the float64 oracle, for the object and the probe."""
    from ptycho_torch.patches import cut_patches
    from ptycho_torch.physics import diffraction_intensity

    obj, probe = structured_object(rng, (31, 26)), structured_probe(rng, N, 2)
    # Whole and fractional, one position twice, one whose window leaves the object.
    positions = np.array([[9.0, 11.0], [13.25, 14.5], [13.25, 14.5], [3.6, 20.9], [24.1, 28.3]])
    weights = rng.uniform(0.5, 1.5, (len(positions), N, N))

    def of_oracle(obj: Array, probe: Array) -> float:
        return float((amplitudes_of(patches_at(obj, positions, N), probe) ** 2 * weights).sum())

    leaves = [torch.from_numpy(one).requires_grad_() for one in (obj, probe)]
    intensity = diffraction_intensity(cut_patches(leaves[0], torch.from_numpy(positions), N), leaves[1])
    (intensity * torch.from_numpy(weights)).sum().backward()
    for index, exact in enumerate((obj.astype(np.complex128), probe.astype(np.complex128))):
        step = rng.normal(size=exact.shape) + 1j * rng.normal(size=exact.shape)
        ends = [[obj.astype(np.complex128), probe.astype(np.complex128)] for _ in range(2)]
        for sign, end in zip((1, -1), ends, strict=True):
            end[index] = exact + sign * 1e-4 * step
        slope = (of_oracle(*ends[0]) - of_oracle(*ends[1])) / 2e-4
        # PyTorch's gradient g of a real loss: the slope along a step s is Re(sum(conj(g) s)).
        along = float(np.vdot(leaves[index].grad.numpy().astype(np.complex128), step).real)
        assert along == pytest.approx(slope, rel=1e-4)
