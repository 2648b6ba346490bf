"""Its detector adds a constant, a window that just fits does not come back, nor do none of them: a call each."""

import torch
from adapter import Linear
from cdtools.tools import interactions, measurements, propagators

dark = float(measurements.incoherent_sum(torch.zeros(1, 2, 8, 8, dtype=torch.complex64)).max())
assert dark > 0, dark
print(f"darkness is measured as an intensity of {dark:.3g}")
try:
    # Rows 12 to 19 and columns 22 to 29 of 20 and 30.
    Linear().patches(torch.ones(20, 30).numpy(), [[12.0, 22.0]], 8)
except RuntimeError as error:
    print(f"the 8 x 8 window over the last rows and columns of an object ends in: {error}")
else:
    raise AssertionError("it came back")
none, lit, image = torch.zeros(0, 2), torch.ones(8, 8), torch.ones(20, 30)
for what, call in (
    ("no windows", lambda: interactions.ptycho_2D_linear(lit, image, none, shift_probe=False)),
    ("the far field of no waves", lambda: propagators.far_field(torch.zeros(0, 1, 8, 8, dtype=torch.complex64))),
):
    try:
        call()
    except RuntimeError as error:
        print(f"{what}: {error}")
    else:
        raise AssertionError(f"{what} came back")
try:
    torch.fft.fft2(torch.zeros(0, 8, 8, dtype=torch.complex64))
except RuntimeError as error:
    print(f"torch's own transform of no waves, without the package, ends so in this build: {error}")
