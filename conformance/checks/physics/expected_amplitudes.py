"""Waves to propagate, and their amplitudes when the forward model is mistaken."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import strategies as st

from conformance.contract.arrays import axes_of
from conformance.contract.types import Array
from conformance.evidence.evidence import Evidence
from conformance.oracles.physics import amplitudes_of, bare_amplitudes_of
from conformance.oracles.rules import rules_here
from conformance.scans.domain import side
from conformance.scans.specimens import structured_object, structured_probe

AXES = axes_of("amplitude", 3)
DRAWN = {
    "N": st.sampled_from([8, 10, 12, 16]).map(side),
    "count": st.integers(1, 6),
    "modes": st.integers(1, 3),
    "seed": st.integers(0, 999),
}


def waves(N: int, count: int, modes: int, seed: int) -> tuple[Array, Array]:
    """Object patches (n, N, N) and a probe."""
    N, rng = side(N), np.random.default_rng(seed)
    patches = np.stack([structured_object(rng, (N, N)) for _ in range(count)])
    return patches, structured_probe(rng, N, modes)


def right_amplitudes(evidence: Evidence, seen: Any, patches: Array, probe: Array, what: str) -> None:
    """Require the amplitudes of patches (n, N, N) under a probe, within 1e-5 of the largest."""
    expected = amplitudes_of(patches, probe)
    atol = 1e-5 * float(expected.max())
    evidence.close(seen, expected, what, rtol=0, atol=atol, axes=AXES, suspects=lambda: suspects_for(patches, probe))


def suspects_for(patches: Array, probe: Array) -> dict[str, Array]:
    """Amplitudes that known mistakes would give."""
    modes = probe if probe.ndim == 3 else probe[np.newaxis]
    right = amplitudes_of(patches, probe)
    # Of several that fit the first is named.
    return (
        _mistaken_transforms(patches, modes, right)
        | _mistaken_layouts(right)
        | _mistaken_waves(patches, modes)
        | _mistaken_scales(modes, right)
        | _mistaken_modes(patches, modes, right)
    )


def in_whole_numbers(patches: Array, probe: Array) -> dict[str, Array]:
    """Amplitudes of patches (n, N, N) and a probe that are multiplied in whole numbers that cannot hold the product."""
    if patches.dtype.kind not in "iu" or probe.dtype.kind not in "iu":
        return {}
    modes = np.reshape(probe, (-1, *patches.shape[1:]))
    waves = patches[:, np.newaxis] * modes
    far = np.fft.fftshift(np.fft.fft2(waves, norm="ortho"), axes=(-2, -1))
    told = f"patch and probe are multiplied in {waves.dtype}, where the product comes round"
    return {told: np.sqrt((np.abs(far) ** 2).sum(axis=1))}


def _mistaken_transforms(patches: Array, modes: Array, right: Array) -> dict[str, Array]:
    """Amplitudes of another transform, and of waves made another thing of."""
    N = patches.shape[-1]
    bare = np.fft.ifftshift(right, axes=(1, 2))
    first = np.fft.fftshift(np.fft.fft2(patches * modes[0]), axes=(1, 2)) / N
    half = np.exp(-1j * np.pi * np.add.outer(np.arange(N), np.arange(N)) / N)
    return {
        "the transform is not divided by N": right * N,
        "the transform is divided by N twice": right / N,
        "the transform is divided by N·sqrt(N) in place of N": right / np.sqrt(N),
        "the transform is divided by sqrt(N) in place of N": right * np.sqrt(N),
        "the values are squared: intensity stands in place of amplitude": right**2,
        "an fftshift is missing or done twice": bare,
        "the fftshift shifts the list of frames too": np.fft.fftshift(bare),
        "the inverse transform was used": amplitudes_of(np.conj(patches), np.conj(modes)),
        "the rows alone are transformed backwards": np.roll(right[:, ::-1], 1, axis=1),
        "the columns alone are transformed backwards": np.roll(right[:, :, ::-1], 1, axis=2),
        "the zero frequency lies between pixels, at (N - 1)/2": amplitudes_of(patches * half, modes),
        "the zero frequency lies between pixels, at (N + 1)/2": amplitudes_of(patches / half, modes),
        "only the real part of the wave on the detector is used": np.abs(first.real),
        "the wave is padded to twice its side": _padded(patches, modes),
    }


def _mistaken_waves(patches: Array, modes: Array) -> dict[str, Array]:
    """Amplitudes of other exit waves."""
    flat = np.ones(patches.shape[-2:])
    return {
        "the probe is ignored": amplitudes_of(patches, flat),
        "the patch is ignored": amplitudes_of(np.ones_like(patches), modes),
        "the phase of the probe is ignored": amplitudes_of(patches, np.abs(modes)),
        "the phase of the patch is ignored": amplitudes_of(np.abs(patches), modes),
        "the phase of the exit wave is ignored": amplitudes_of(np.abs(patches), np.abs(modes)),
        "the probe is transposed": amplitudes_of(patches, np.swapaxes(modes, -1, -2)),
        "the patch is transposed": amplitudes_of(np.swapaxes(patches, -1, -2), modes),
        "one is added to the patch": amplitudes_of(patches + 1, modes),
        "the probe is added to the patch, not multiplied": amplitudes_of(patches + modes[0], flat),
        "the probe is conjugated": amplitudes_of(patches, np.conj(modes)),
        "the patch is conjugated": amplitudes_of(np.conj(patches), modes),
        "only the real part of the probe is used": amplitudes_of(patches, modes.real),
        "only the real part of the patch is used": amplitudes_of(patches.real, modes),
    }


def _mistaken_layouts(right: Array) -> dict[str, Array]:
    """The right amplitudes at other places."""
    return {
        "rows and columns are exchanged: the pattern is transposed": np.swapaxes(right, 1, 2),
        "the pattern is one pixel off the middle": np.roll(right, -1, axis=(1, 2)),
        "the pattern is one pixel off the middle, the other way": np.roll(right, 1, axis=(1, 2)),
        "the pattern is flipped left to right": right[:, :, ::-1],
        "the pattern is flipped top to bottom": right[:, ::-1],
        "the last frame is dark": right * (np.arange(len(right)) < len(right) - 1)[:, np.newaxis, np.newaxis],
    }


def _mistaken_scales(modes: Array, right: Array) -> dict[str, Array]:
    """The right amplitudes on another scale."""
    return {
        "the probe is divided by its largest modulus": right / np.abs(modes).max(),
        "the probe is divided by the root of its energy": right / np.sqrt((np.abs(modes) ** 2).sum()),
        "the probe is divided by its mean modulus": right / np.abs(modes).mean(),
        "every frame is divided by its own maximum": _divided(right, right.max(axis=(1, 2), keepdims=True)),
        "the energy is multiplied by the number of frames": right * np.sqrt(len(right)),
        "the energy is divided by the number of frames": right / np.sqrt(len(right)),
        "all frames are added up in intensity": np.broadcast_to(np.sqrt((right**2).sum(axis=0)), right.shape),
    }


def _mistaken_modes(patches: Array, modes: Array, right: Array) -> dict[str, Array]:
    """Amplitudes of modes taken together otherwise; nothing where there is one."""
    suspects: dict[str, Array] = {}
    each = np.stack([amplitudes_of(patches, mode) for mode in modes])
    if len(modes) > 1:
        suspects |= {
            "modes are added as waves, not as intensities": amplitudes_of(patches, modes.sum(axis=0)),
            "modes are added as amplitudes, not as intensities": each.sum(axis=0),
            "only the first mode is used": each[0],
            "only the last mode is used": each[-1],
            **{
                f"only the first {count} of {len(modes)} modes are used": amplitudes_of(patches, modes[:count])
                for count in range(2, len(modes))
            },
            "modes are averaged, not added": right / np.sqrt(len(modes)),
        }
    if len(modes) == len(patches) > 1:
        own = np.arange(len(modes))
        suspects["mode k illuminates patch k only"] = each[own, own]
    return suspects


def _padded(patches: Array, modes: Array) -> Array:
    """Amplitudes of waves padded to twice their side, every second pixel kept."""
    half = patches.shape[-1] // 2
    wide = ((0, 0), (half, half), (half, half))
    return amplitudes_of(np.pad(patches, wide), np.pad(modes, wide))[:, ::2, ::2]


def _divided(values: Array, by: Array) -> Array:
    return values / np.where(by > 0, by, 1)


def energies_for(patches: Array, probe: Array) -> dict[str, Array]:
    """Energies of each frame that known mistakes would give."""
    return {name: (values**2).sum(axis=(1, 2)) for name, values in suspects_for(patches, probe).items()}


def energy_of_the_floor(patches: Array, probe: Array) -> Array:
    """Energy (n,) that frames hold by the floor in force alone: none by the contract's own rule."""
    bare = bare_amplitudes_of(patches, probe) ** 2
    return np.asarray((rules_here().floor.under(bare) - bare).sum(axis=(1, 2)))
