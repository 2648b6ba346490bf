"""Its bilinear shift lies half a pixel beside its other two, and its padding repeats the edge: two calls each."""

import numpy as np
import torch
from adapter import image_proc

image = torch.zeros(24, 30, dtype=torch.complex64)
image[12, 15] = 1
# The centre of pixels (12, 15) in a 9 x 9 window, whose middle is a pixel: every method must find it in its middle.
at = torch.tensor([[12.0, 15.0]])
middles = {}
for name in ("integer", "fourier_shift", "bilinear_shift"):
    patch = getattr(image_proc, f"extract_patches_{name}")(image, at, (9, 9))[0].abs()
    middles[name] = float(patch[4, 4])
assert middles["integer"] > 0.99, middles
assert middles["fourier_shift"] > 0.99, middles
assert middles["bilinear_shift"] < 0.3, middles
print(f"one bright pixel in the middle of a 9 x 9 window comes back as {middles}")
edge = image_proc.extract_patches_integer(torch.ones(24, 30, dtype=torch.complex64), torch.tensor([[0.0, 0.0]]), (9, 9))
outside = float(np.abs(edge[0, 0, 0]))
assert outside == 1, outside
print("a window that leaves an object of ones is one outside of it too, where the docstring says zeros")
