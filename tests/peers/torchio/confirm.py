"""What windows that leave an image are, and what one is that begins 65,536 voxels away."""

import torch
import torchio

image = torch.arange(20.0 * 30).reshape(1, 20, 30, 1)
cutter = torchio.GridSampler(torchio.Subject(image=torchio.ScalarImage(tensor=image)), (8, 8, 1))


def window(row, column):
    """Voxels (H, W) of the window that begins there."""
    return cutter.extract_patch(cutter.subject, (row, column, 0)).image.data[0, ..., 0]


for row, column in ((-3, 4), (4, -3), (16, 4), (4, 27)):
    shape = tuple(window(row, column).shape)
    assert shape != (8, 8), shape
    print(f"the 8 x 8 window of a 20 x 30 image that begins at ({row}, {column}) is {shape[0]} x {shape[1]}")
assert torch.equal(window(65536 + 4, 5), window(4, 5))
print("the window that begins at (65540, 5) is the one that begins at (4, 5): its place is kept in sixteen bits")
