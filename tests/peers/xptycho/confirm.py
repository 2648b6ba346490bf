"""Windows that leave an image, a far field of none, whose memory a scan holds, images backwards, and strict errors."""

import numpy as np
import torch
from xptycho import PtychoModel, Sample, Scan
from xptycho import operators as op

image = torch.arange(20.0 * 30).reshape(20, 30)
left = op.gather_patches(image, torch.tensor([[4, -3]]), 8)[0]
assert torch.equal(left[:, :3], image[4:12, -3:])
print("the window that begins 3 columns left of an image holds its last 3 columns")
try:
    op.gather_patches(image, torch.tensor([[4, 25]]), 8)
except IndexError as error:
    print(f"the window that ends 3 columns right of it ends in: {error}")
else:
    raise AssertionError("a window may leave the image to the right")
for transform, of in ((op.fft2c, "its far field"), (torch.fft.fft2, "torch's own transform, without the package,")):
    try:
        transform(torch.zeros((0, 8, 8), dtype=torch.complex64))
    except RuntimeError as error:
        print(f"{of} of no waves ends in: {error}")
frames = np.ones((3, 8, 8), np.float32)
held = Scan(frames, np.zeros((3, 2)), wavelength=1.0, det_distance=1.0, det_pixel_pitch=1.0)
frames[1] = 7
assert held.frames[1, 0, 0] == 7
print("a scan changes when the array that it was made from is written into")
lens = PtychoModel(
    frame_size=8, probe_positions=np.full((1, 2), 8.0), wavelength=1.0, det_distance=8.0, det_pixel_pitch=1.0
)
lens.set_params(object_shape=(20, 30), object_origin=(0.0, 0.0))
try:
    lens.forward(np.ones((20, 30), np.complex64)[::-1], np.ones((8, 8)))
except ValueError as error:
    print(f"an object whose rows lie backwards in memory ends in: {error}")
else:
    raise AssertionError("an object whose rows lie backwards is taken")
try:
    with np.errstate(all="raise"):
        Sample(np.full((8, 8), 1e-42), np.ones((8, 8)), 1.0)
except FloatingPointError as error:
    print(f"a sample that is faint somewhere ends, where NumPy is told to raise, in: {error}")
else:
    raise AssertionError("a faint sample is taken under strict errors")
