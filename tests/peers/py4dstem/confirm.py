"""Its patches lie on whole pixels and come from the other side where they leave the object: a call each."""

import numpy as np
from adapter import Py4dstem

image = np.arange(20.0 * 30).reshape(20, 30)
peer = Py4dstem()
between, whole = (peer.patches(image, np.array([[10.0, x]]), 8) for x in (10.4, 10.0))
assert np.array_equal(between, whole)
print("the patch 0.4 pixels on is the patch itself: the fraction goes to its probe")
left = peer.patches(image, np.array([[10.0, 0.0]]), 8)[0]
assert np.array_equal(left[:, :4].real, image[6:14, 26:])
print("the patch about the first column holds the last four columns")
try:
    with np.errstate(under="raise"):
        peer.reassemble(np.full((1, 8, 8), 1e-60, complex), np.array([[10.0, 10.0]]))
except FloatingPointError as error:
    print(f"a sum of patches of 1e-60 ends in '{error}' under strict errors of NumPy: it is cast to single precision")
else:
    raise AssertionError("patches of 1e-60 are summed without a word")
