"""Windows that just fit, windows outside, and the scale of its noise: a call or two each."""

import dataclasses

import numpy as np
from adapter import METADATA, product_of
from ptychodus.api.interpolate import BarycentricArrayInterpolator
from ptychodus.api.product import ProductMetadata
from ptychodus.api.simulate.diffraction import generate_diffraction_data

image = np.arange(20.0 * 30).reshape(20, 30)
cutter = BarycentricArrayInterpolator(image)
# Rows 12 to 19 and columns 22 to 29: the last that there are, so the middle is (25.5, 15.5).
last = cutter.get_patch(25.5, 15.5, 8, 8)
assert last.shape == (7, 7), last.shape
print(f"the 8 x 8 window over the last rows and columns of an object comes back as {last.shape}")
outside = cutter.get_patch(-10.5, 10.0, 8, 8)
inside = cutter.get_patch(-10.5 + 30, 10.0, 8, 8)
assert np.array_equal(outside, inside)
print("the window 14 columns left of an object holds what is 14 columns from its right edge")
near, none = cutter.get_patch(1.5, 10.0, 8, 8).shape, cutter.get_patch(10.0, 10.0, 0, 0).shape
assert near != (8, 8), near
print(f"the 8 x 8 window 2 columns beyond the left edge comes back as {near}, and one of side 0 as {none}")

# A beamline: 8.8 keV, 2 m, 128 pixels of 75 um on the detector; a million photons in the probe, nothing in their way.
probe = np.zeros((128, 128), complex)
probe[48:80, 48:80] = np.sqrt(1e6) / 32
wavelength = ProductMetadata(**METADATA).photon_wavelength_m
product = product_of(np.ones((160, 160)), probe, np.array([[79.5, 79.5]]), wavelength * 2.0 / (128 * 75e-6))
product = dataclasses.replace(product, metadata=ProductMetadata(**METADATA | {"detector_distance_m": 2.0}))
expected = generate_diffraction_data(product).get_patterns().sum()
counts = generate_diffraction_data(product, np.random.default_rng(1)).get_patterns().sum()
assert counts < 10, counts
print(f"a probe of a million photons gives a frame of {expected:.2g} photons, and one of {counts:.0f} counts")
