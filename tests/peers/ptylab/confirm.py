"""Its windows lie on whole pixels, and those that leave the object come back short or empty: a call each."""

import numpy as np
from adapter import PtyLab

image = np.arange(20.0 * 20).reshape(20, 20)
peer = PtyLab()
between, whole = (peer.patches(image, np.array([[10.0, x]]), 8) for x in (10.4, 10.0))
assert np.array_equal(between, whole)
print("the window 0.4 pixels on is the window itself")
shapes = [peer.patches(image, np.array([[10.0, x]]), 8).shape[1:] for x in (18.0, 2.0)]
assert shapes == [(8, 6), (8, 0)], shapes
print(f"8 x 8 windows that leave an object on the right and on the left by two columns have the shapes {shapes}")
