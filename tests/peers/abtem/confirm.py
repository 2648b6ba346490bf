"""Nothing is claimed of it but its norm: the sum of a pattern is N**2 times that of the wave."""

import abtem
import numpy as np

wave = np.random.default_rng(0).normal(size=(16, 16)) + 1j
pattern = abtem.Waves(wave, energy=1e5, sampling=0.1).diffraction_patterns(max_angle="full", parity="same").array
ratio = float(pattern.sum() / (abs(wave) ** 2).sum())
assert abs(ratio / 256 - 1) < 1e-5, ratio
print(f"the intensities of a pattern 16 x 16 sum to {ratio:.6g} times those of its wave")
