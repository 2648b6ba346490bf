"""Its forward model adds a constant to every intensity, and takes no empty batch: a call each."""

import torch
from adapter import multislice_forward

nothing = torch.zeros(1, 1, 1, 8, 8)
dark = float(multislice_forward(nothing, nothing, torch.zeros(1, 1, 8, 8, dtype=torch.complex64), None).max())
assert 0 < dark < 1e-9, dark
print(f"darkness is simulated as an intensity of {dark:.3g}")
try:
    multislice_forward(nothing[:0], nothing[:0], torch.zeros(1, 1, 8, 8, dtype=torch.complex64), None)
except RuntimeError as error:
    print(f"no patches end in: {error}")
else:
    raise AssertionError("they came back")
try:
    torch.fft.fft2(torch.zeros(0, 8, 8, dtype=torch.complex64))
except RuntimeError as error:
    print(f"torch's own transform of no waves, without the package, ends so in this build: {error}")
