"""The sum of a pattern is N**2 times that of the wave, and a seed of NumPy's integers is none: a call each."""

import abtem
import numpy as np

wave = np.random.default_rng(0).normal(size=(16, 16)) + 1j
pattern = abtem.Waves(wave, energy=1e5, sampling=0.1).diffraction_patterns(max_angle="full", parity="same").array
ratio = float(pattern.sum() / (abs(wave) ** 2).sum())
assert abs(ratio / 256 - 1) < 1e-5, ratio
print(f"the intensities of a pattern 16 x 16 sum to {ratio:.6g} times those of its wave")
axes = [abtem.core.axes.OrdinalAxis(values=(0,))]
flat = abtem.measurements.DiffractionPatterns(np.ones((1, 8, 8)), sampling=0.1, ensemble_axes_metadata=axes)
said = ""
try:
    flat.poisson_noise(total_dose=1.0, seed=np.int64(3))
except ValueError as error:
    said = str(error)
assert said
print(f"noise with the seed np.int64(3) ends in: {said}")
