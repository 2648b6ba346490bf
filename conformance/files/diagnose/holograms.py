"""How frames vary at a frequency of the scan if they are holograms: the rivals of the overlap in the far field."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.fft import fft2, ifft2
from scipy.ndimage import map_coordinates

from conformance.files.diagnose.overlap import Filter, Variation


class Holograms(Filter):
    """The variation of holograms of a probe at some frequencies, all at one distance.

    Parameters
    ----------
    probe : (P, N, N) complex
    K : (n, 2)
        Frequencies, row and column, in cycles a frame.
    of : Variation
    distance : float
        Wavelength times distance over the area of a pixel.
    """

    def __init__(
        self, probe: NDArray[np.complexfloating], K: NDArray[np.float64], of: Variation, distance: float
    ) -> None:
        f = np.fft.fftfreq(of.N)
        self.lens = np.exp(-1j * np.pi * distance * (f[:, np.newaxis] ** 2 + f**2)).astype(np.complex64)
        super().__init__(probe, K, of)

    def _overlaps(self, mode: NDArray[np.complex64]) -> tuple[NDArray[np.complex64], NDArray[np.complex64]]:
        r = np.arange(self.of.N) - self.of.N // 2
        rows, columns = (np.exp(2j * np.pi / self.of.N * np.outer(axis, r)) for axis in self.K.T)
        ramps = (rows[:, :, np.newaxis] * columns[:, np.newaxis]).astype(np.complex64)
        here = self._propagated(mode[np.newaxis])
        behind, before = self._propagated(mode * ramps), self._propagated(mode * np.conj(ramps))
        return np.conj(here) * behind, here * np.conj(before)

    def _propagated(self, waves: NDArray[np.complex64]) -> NDArray[np.complex64]:
        """Waves (n, N, N) at the distance, on the lit pixels (n, pixels)."""
        there = np.asarray(ifft2(fft2(waves) * self.lens), dtype=np.complex64)
        return there[:, self.of.rows, self.of.columns]


class Sheared(Filter):
    """The variation under a defocused beam whose copies lie some part of the far field's shear apart.

    Parameters
    ----------
    amplitude : (N, N)
        Modulus of the beam on the detector.
    K : (n, 2)
        Frequencies, row and column, in detector pixels of the far field.
    of : Variation
    defocus : float
        Radians a pixel².
    shear : float
        In parts of that of the far field, which is K.
    """

    def __init__(
        self, amplitude: NDArray[np.float64], K: NDArray[np.float64], of: Variation, defocus: float, shear: float
    ) -> None:
        self.defocus, self.shear = defocus, shear
        super().__init__(amplitude[np.newaxis].astype(np.complex64), K, of)

    def _overlaps(self, mode: NDArray[np.complex64]) -> tuple[NDArray[np.complex64], NDArray[np.complex64]]:
        of, amplitude = self.of, mode.real
        k = np.stack([of.rows, of.columns]).astype(np.float64)
        here = amplitude[of.rows, of.columns] * np.exp(-2j * self.defocus * (self.K @ k)).astype(np.complex64)
        behind, before = (
            map_coordinates(
                amplitude, (k[:, np.newaxis] + side * self.shear * self.K.T[:, :, np.newaxis]).reshape(2, -1), order=1
            ).reshape(len(self.K), -1)
            for side in (-1, 1)
        )
        return here * behind, here * before
