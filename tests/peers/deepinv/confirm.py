"""Positions between pixels, those of a probe as large as its object, small objects, and the light of other places."""

import torch
from deepinv.physics import Ptychography
from deepinv.physics.phase_retrieval import PtychographyLinearOperator

rows = torch.arange(20.0)[None, None, :, None].expand(1, 1, 20, 20)
first = []
for step in (-1.9, -0.9, 0.9, 1.9):
    cutting = PtychographyLinearOperator((1, 20, 20), torch.ones(1, 8, 8), torch.tensor([[step, 0.0]]))
    first.append(int(cutting.extract_patch(rows)[0, 0, 0, 0]) - 6)
assert first == [-1, 0, 0, 1], first
print(f"windows moved by -1.9, -0.9, 0.9 and 1.9 rows begin at {first}: two rows of places are one in the middle")
try:
    PtychographyLinearOperator((1, 8, 8), torch.ones(1, 8, 8), torch.zeros(1, 2))
except TypeError as error:
    print(f"the same positions, of a probe as large as its object, end in: {error}")
else:
    raise AssertionError("positions in float32 are taken for a probe as large as its object")
try:
    PtychographyLinearOperator((1, 6, 20), torch.ones(1, 8, 8), torch.zeros(1, 2, dtype=torch.int64))
except ValueError as error:
    print(f"an object lower than the probe: {error}")
else:
    raise AssertionError("an object lower than the probe is taken")
light, flat = torch.ones(1, 8, 8, dtype=torch.complex64), torch.ones(1, 1, 20, 20, dtype=torch.complex64)
alone, beside = (
    float(Ptychography((1, 20, 20), light, torch.zeros(n, 2, dtype=torch.int64))(flat)[0, 0].sum()) for n in (1, 2)
)
assert abs(alone / beside - 2) < 1e-5, (alone, beside)
print(f"the first frame holds {alone:g} alone, and {beside:g} beside another: the probe is divided by the light of all")
dark = Ptychography((1, 20, 20), torch.zeros_like(light), torch.zeros(1, 2, dtype=torch.int64))(flat)
assert bool(torch.isnan(dark).all())
print(f"a probe without light gives {float(dark.flatten()[0])}: it is divided by its own")
