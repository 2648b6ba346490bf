"""What windows that leave an image are, those of large images, and what one draws."""

import torch
import torchio

image = torch.arange(20.0 * 30).reshape(1, 20, 30, 1)


def window(row, column, of=image):
    """Voxels (H, W) of the window that begins there."""
    cutter = torchio.GridSampler(torchio.Subject(image=torchio.ScalarImage(tensor=of)), (8, 8, 1))
    return cutter.extract_patch(cutter.subject, (row, column, 0)).image.data[0, ..., 0]


for row, column in ((16, 4), (4, 27)):
    shape = tuple(window(row, column).shape)
    assert 0 in shape, shape
    print(f"the 8 x 8 window of a 20 x 30 image that begins at ({row}, {column}) is {shape[0]} x {shape[1]}")
for where, of, at in (
    ("the window that begins 3 columns left of it", image, (4, -3)),
    ("the first window of an image 70,000 rows high", torch.zeros(1, 70_000, 8, 1), (0, 0)),
):
    try:
        window(*at, of)
    except OverflowError as error:
        print(f"{where} ends in: {error}")
    else:
        # Before NumPy 2 what sixteen bits do not hold comes round.
        print(f"{where} is {tuple(window(*at, of).shape)}")
torch.manual_seed(3)
before = torch.get_rng_state()
window(4, 5)
assert not torch.equal(before, torch.get_rng_state())
print("a window that is cut draws from the generator that belongs to everyone in PyTorch")
