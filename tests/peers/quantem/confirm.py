"""Numbers of pixels in large objects, no windows, what a real object is, and images moved by parts of a pixel."""

from types import SimpleNamespace

import numpy as np
import torch
from quantem.diffractive_imaging.dataset_models import PtychographyDatasetBase
from quantem.diffractive_imaging.object_models import ObjectBase
from quantem.diffractive_imaging.ptycho_utils import shift_array


def numbers(places, side, N=8):
    """Numbers of the pixels of windows about (row, column) places in a square object."""
    held = SimpleNamespace(
        scan_positions_px=torch.tensor(places).reshape(-1, 2), roi_shape=np.array([N, N]), device="cpu"
    )
    held._obj_shape_full_2d = lambda padding: np.array([side, side])
    PtychographyDatasetBase._set_patch_indices(held, (0, 0))
    return held._patch_indices.numpy()


for side in (4000, 4200):
    steps = np.fft.fftfreq(8, 1 / 8).astype(int)
    right = (side - 20 + steps)[:, np.newaxis] * side + side - 21 + steps
    wrong = (numbers([[side - 20.0, side - 21.0]], side)[0] != right).sum()
    assert bool(wrong) == (side**2 > 2**24), wrong
    print(f"of the 64 pixels of a window near the end of an object {side} x {side}, {wrong} have the number of another")
real = ObjectBase._get_obj_patches(None, torch.full((1, 20, 20), 2.0), torch.tensor(numbers([[9.0, 9.0]], 20)))
assert np.allclose(real.numpy(), np.exp(2j))
print(f"a window of an object of twos is {real[0, 0, 0, 0].item():.3f}")
try:
    numbers([], 20)
except ValueError as error:
    print(f"no windows: {error}")
else:
    raise AssertionError("no windows are taken")
rows = np.zeros((6, 6))
rows[-1], rows[0] = 1, 3
near, far = (
    shift_array(rows, np.float64(step), np.float64(0), periodic=False, bilinear=True)[:2, 0] for step in (0.4, 1.6)
)
assert np.allclose(near, [0.6 * 3 + 0.4, 0.4 * 3]), near
assert np.allclose(far, [0, 0]), far
print(f"not periodic, by 0.4 rows: the first row of 3 becomes {near[0]:g}, with 0.4 times the last row in it")
print(f"not periodic, by 1.6 rows: the second row holds {far[1]:g}, where 0.4 times the first row lies")
