"""The forward model (PHY)."""

from __future__ import annotations

import torch
from torch import Tensor

from ptycho_torch.errors import refuse


def diffraction_intensity(patches: Tensor, probe: Tensor) -> Tensor:
    """Far-field intensity of patches under a probe; differentiable in both.

    Parameters
    ----------
    patches : (..., N, N) complex
        Object patches.
    probe : (N, N), (P, N, N) or (..., P, N, N) complex
        Incoherent modes add in intensity (PHY-005). With leading axes, which are those of the patches, every patch has
        a probe of its own, as in a batch of several scans.

    Returns
    -------
    (..., N, N) real
        Zero frequency at pixel (N/2, N/2); the sum over pixels is that of \\|probe · patch\\|² (PHY-002).

    Raises
    ------
    Refusal
        Shapes do not fit.
    """
    modes = probe.unsqueeze(0) if probe.ndim == 2 else probe
    fit = patches.ndim >= 2 and modes.ndim >= 3 and patches.shape[-2:] == modes.shape[-2:]
    # Leading axes must agree one by one: broadcasting would let the probe of one scan meet the patches of another.
    if not fit or (modes.ndim > 3 and modes.shape[:-3] != patches.shape[:-2]):
        problem = f"a probe of shape {tuple(probe.shape)} on patches of shape {tuple(patches.shape)}"
        remedy = (
            "Pass patches (..., N, N) and a probe (N, N), (P, N, N), or with the axes of the patches (..., P, N, N)."
        )
        refuse("PHY-014", "probe", problem, remedy)
    exit_waves = _inexact(patches).unsqueeze(-3) * _inexact(modes)
    if not exit_waves.numel():
        # The transform of nothing is an error in some of PyTorch's libraries (CND-026).
        return torch.zeros_like(exit_waves.real).sum(dim=-3)
    field = torch.fft.fftshift(torch.fft.fft2(exit_waves, norm="ortho"), dim=(-2, -1))
    intensity: Tensor = (field.real.square() + field.imag.square()).sum(dim=-3)
    return intensity


def _inexact(values: Tensor) -> Tensor:
    """Whole numbers as float64, before products of theirs wrap."""
    return values if values.is_floating_point() or values.is_complex() else values.double()


def diffraction_amplitude(patches: Tensor, probe: Tensor) -> Tensor:
    """Forward model: the square root of :func:`diffraction_intensity` (PHY-001).

    Its gradient is infinite where the intensity is zero.
    """
    return diffraction_intensity(patches, probe).sqrt()


def noisy_amplitude(amplitude: Tensor, generator: torch.Generator) -> Tensor:
    """Square root of Poisson counts with mean amplitude², float32 (PHY-011); drawn where the generator lives."""
    mean = amplitude.double().square().to(generator.device)
    return torch.poisson(mean, generator=generator).sqrt().float().to(amplitude.device)
