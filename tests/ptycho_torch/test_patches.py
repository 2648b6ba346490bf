"""Both ways to cut patches: with a gradient and without."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from conformance.oracles.patches import patches_at
from conformance.scans.specimens import structured_object

pytestmark = pytest.mark.torch

H, W = 37, 52


@pytest.fixture
def centres(rng: np.random.Generator) -> Any:
    """Positions within the object, across its edges, at corners, and far outside."""
    inner = rng.uniform((-9.0, -9.0), (W + 9.0, H + 9.0), (60, 2))
    edges = [(0, 0), (W, H), (W - 1, 0), (-4, H + 4), (W + 3.5, -3.5), (1e12, -1e12), (-1e300, 5), (W / 2, 1e9)]
    return np.concatenate([inner, np.array(edges, dtype=np.float64)])


@pytest.mark.parametrize("N", [8, 12])
@pytest.mark.parametrize("whole", [True, False])
@pytest.mark.parametrize("followed", [True, False])
def test_patches_are_windows(
    centres: Any, rng: np.random.Generator, N: int, whole: bool, followed: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    import torch

    from ptycho_torch.patches import cut_patches

    monkeypatch.setattr("ptycho_torch.patches._CHUNK", 7 * N * N)
    monkeypatch.setattr("ptycho_torch.patches._SMALL_CHUNK", 5 * N * N)
    positions = np.round(centres) if whole else centres
    obj = structured_object(rng, (H, W))
    held = torch.from_numpy(obj).requires_grad_(followed)
    patches = cut_patches(held, torch.from_numpy(positions), N)
    assert patches.requires_grad == followed
    assert (patches.dtype, tuple(patches.shape)) == (torch.complex64, (len(centres), N, N))
    near = np.clip(positions, (-2 * N, -2 * N), (W + 2 * N, H + 2 * N))
    expected = patches_at(obj, near, N)
    tolerance = 0 if whole else 2e-6
    np.testing.assert_allclose(patches.detach().numpy(), expected, rtol=0, atol=tolerance)


def test_objects_of_any_kind(centres: Any, rng: np.random.Generator) -> None:
    import torch

    from ptycho_torch.patches import cut_patches

    obj = torch.from_numpy(structured_object(rng, (H, W)))
    expected = cut_patches(obj, torch.from_numpy(centres), 8)
    kept = obj.clone()
    for same in (obj.to(torch.complex128), obj.t().contiguous().t(), obj.conj().resolve_conj().conj()):
        assert torch.equal(cut_patches(same, torch.from_numpy(centres), 8), expected)
    assert torch.equal(obj, kept)
    amplitude = cut_patches(obj.real, torch.from_numpy(centres), 8)
    torch.testing.assert_close(amplitude.real, expected.real)
    assert cut_patches(obj, torch.from_numpy(centres[:0]), 8).shape == (0, 8, 8)


def test_gradients_go_where_patches_come_from(rng: np.random.Generator) -> None:
    import torch

    from ptycho_torch.patches import cut_patches

    obj = torch.from_numpy(structured_object(rng, (H, W))).requires_grad_()
    cut_patches(obj, torch.tensor([[20.0, 11.0]], dtype=torch.float64), 8).abs().sum().backward()
    assert obj.grad is not None
    touched = np.zeros((H, W), dtype=bool)
    touched[7:15, 16:24] = True
    np.testing.assert_array_equal(obj.grad.abs().numpy() > 0, touched)
    with torch.no_grad():
        assert not cut_patches(obj, torch.tensor([[20.0, 11.0]]), 8).requires_grad
    with torch.inference_mode():
        cut_patches(obj, torch.tensor([[20.5, 11.0]]), 8)


def test_gradients_by_the_positions(rng: np.random.Generator) -> None:
    import torch

    from ptycho_torch.patches import cut_patches

    obj = torch.from_numpy(structured_object(rng, (H, W)))
    at = torch.tensor([[20.3, 11.6]], dtype=torch.float64, requires_grad=True)
    cut_patches(obj, at, 8).real.sum().backward()
    step = 1e-3
    for axis in range(2):
        shift = torch.zeros(1, 2, dtype=torch.float64)
        shift[0, axis] = step
        ahead, back = (cut_patches(obj, at.detach() + sign * shift, 8).real.double().sum() for sign in (1, -1))
        assert at.grad is not None
        assert at.grad[0, axis].item() == pytest.approx(((ahead - back) / (2 * step)).item(), rel=1e-2, abs=1e-2)
