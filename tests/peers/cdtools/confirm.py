"""Its detector adds a constant to every intensity: one call."""

import torch
from cdtools.tools import measurements

dark = float(measurements.incoherent_sum(torch.zeros(1, 2, 8, 8, dtype=torch.complex64)).max())
assert dark > 0, dark
print(f"darkness is measured as an intensity of {dark:.3g}")
