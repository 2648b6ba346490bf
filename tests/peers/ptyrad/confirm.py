"""Its forward model adds a constant to every intensity: one call."""

import torch
from adapter import multislice_forward

nothing = torch.zeros(1, 1, 1, 8, 8)
dark = float(multislice_forward(nothing, nothing, torch.zeros(1, 1, 8, 8, dtype=torch.complex64), None).max())
assert 0 < dark < 1e-9, dark
print(f"darkness is simulated as an intensity of {dark:.3g}")
