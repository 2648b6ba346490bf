"""Its bilinear shift is half a pixel off its others; its padding repeats the edge, and reaches to any window."""

import resource

import numpy as np
import torch
from adapter import image_proc, propagate

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
# Enough for two windows of 9 x 9, and less than the pixels between them.
resource.setrlimit(resource.RLIMIT_AS, (16 * 2**30, resource.getrlimit(resource.RLIMIT_AS)[1]))
far, said = torch.tensor([[-40_000.0, -40_000.0], [40_000.0, 40_000.0]]), ""
try:
    image_proc.extract_patches_fourier_shift(image, far, (9, 9))
except RuntimeError as error:
    said = str(error).split("you tried to ")[-1].split(" bytes")[0]
assert said, "the windows were cut"
print(f"two windows 40,000 pixels away on both sides of an object of 24 x 30 ask to {said} bytes")
dark = torch.zeros(0, 1, 9, 9, dtype=torch.complex64)
for what, call in (
    (
        "a bilinear window that leaves an object",
        lambda: image_proc.extract_patches_bilinear_shift(image, torch.tensor([[0.0, 0.0]]), (9, 9)),
    ),
    (
        "no windows by a Fourier shift",
        lambda: image_proc.extract_patches_fourier_shift(image, torch.zeros(0, 2), (9, 9)),
    ),
    ("no whole windows", lambda: image_proc.extract_patches_integer(image, torch.zeros(0, 2), (9, 9))),
    ("the far field of no waves", lambda: propagate.FourierPropagator(norm="ortho").propagate_forward(dark)),
):
    try:
        call()
    except RuntimeError as error:
        print(f"{what}: {' '.join(str(error).split())}")
    else:
        raise AssertionError(f"{what} came back")
try:
    torch.fft.fft2(dark)
except RuntimeError as error:
    print(f"torch's own transform of no waves, without the package, ends so in this build: {error}")
