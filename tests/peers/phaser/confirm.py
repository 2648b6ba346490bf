"""Windows between pixels, and windows that leave an object by each of its sides: a call each."""

import numpy as np
from phaser.utils.object import ObjectSampling

image = np.arange(20.0 * 30).reshape(20, 30)
grid = ObjectSampling(image.shape, 1.0, (0.0, 0.0))
whole, between = (grid.get_view_at_pos(image, np.array([[9.5 + step, 9.5]]), (8, 8)) for step in (0.0, 0.4))
assert np.array_equal(whole, between)
assert whole[0, 0, 0] == image[6, 6], whole[0, 0, 0]
print("the window 0.4 pixels on is the window itself: the fraction goes to the probe")
print("the window at row and column 9.5 begins at pixel (6, 6): positions refer to (N - 1)/2")
for side, place in (("before the first row", [1.5, 9.5]), ("beyond the last column", [9.5, 28.5])):
    try:
        grid.get_view_at_pos(image, np.array([place]), (8, 8))
    except (AssertionError, ValueError) as error:
        print(f"a window {side} ends in {type(error).__name__} {error}".rstrip())
    else:
        raise AssertionError(side)
