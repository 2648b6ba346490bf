"""Its Fourier windows of NumPy arrays end in an error wherever they lie; its bilinear ones lose the last row."""

import numpy as np
from adapter import windows

image = np.arange(24.0 * 30).reshape(24, 30)
for name, call in (
    ("cut", lambda: windows.extract_patches_fourier_shift(image, np.array([[12.0, 15.0]]), (8, 8))),
    ("placed", lambda: windows.place_patches_fourier_shift(image, np.array([[12.0, 15.0]]), np.ones((1, 8, 8)))),
):
    try:
        call()
    except ValueError as error:
        print(f"a window in the middle of an image of 24 x 30, {name} by a Fourier shift: {error}")
    else:
        raise AssertionError(f"{name} came back")
for y, x in ((12.0, 15.0), (20.0, 15.0), (12.0, 26.0), (3.5, 15.0)):
    shape = windows.BilinearArrayPatchInterpolator(image, y, x, (8, 8)).get_patch().shape
    print(f"the window of 8 x 8 about row {y:g} and column {x:g} of 24 x 30 is {shape[0]} x {shape[1]}")
    assert (shape == (8, 8)) == ((y, x) == (12.0, 15.0) or y < 4.0), shape
inside = windows.BilinearArrayPatchInterpolator(image, 3.5, 15.0, (8, 8)).get_patch()
beyond = 0.5 * image[0, 11] + 0.5 * 0.0
print(f"its first pixel about row 3.5, half of which lies beyond, is {inside[0, 0]:g}; with zeros it is {beyond:g}")
assert inside[0, 0] != beyond
