"""An adapter of Ptychodus: its interpolator and stitcher, and its simulation of a scan.

That its positions refer to (width - 1)/2, that it gives intensities and takes double precision is stated. In metres its
positions are counted from the middle of the object, and its intensities are by area, so the noise-free ones are divided
by the ratio of the areas of a pixel in both planes.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from ptychodus.api.geometry import PixelGeometry
from ptychodus.api.interpolate import BarycentricArrayInterpolator, BarycentricArrayStitcher
from ptychodus.api.object import Object, ObjectCenter, ObjectPosition
from ptychodus.api.probe import ProbeSequence
from ptychodus.api.probe_positions import ProbePositionSequence
from ptychodus.api.product import Product, ProductMetadata
from ptychodus.api.simulate.diffraction import generate_diffraction_data

# So far away that the phase of its Fresnel transform is that of its Fraunhofer one, also in a frame 512 pixels wide.
PIXEL, DISTANCE, ENERGY = 1e-9, 1000.0, 8800.0
METADATA = {
    "name": "",
    "comments": "",
    "detector_distance_m": DISTANCE,
    "photon_energy_eV": ENERGY,
    "probe_photon_count": 0.0,
    "exposure_time_s": 0.0,
    "mass_attenuation_m2_per_kg": 0.0,
    "tomography_angle_deg": 0.0,
}


def product_of(obj: Any, probe: Any, centres_xy: Any, width: float = PIXEL) -> Product:
    """Return a product of an object (H, W), a probe (..., N, N), and positions (n, 2) [x, y] of (N - 1)/2.

    ``width`` is that of a pixel of the object, in metres.
    """
    pixel = PixelGeometry(width, width)
    held = Object(np.array(obj, complex), pixel, ObjectCenter(0.0, 0.0))
    geometry = held.get_geometry()
    places = [
        geometry.map_coordinates_object_to_probe(ObjectPosition(index, x, y))
        for index, (x, y) in enumerate(np.asarray(centres_xy, np.float64))
    ]
    probes = ProbeSequence(np.array(probe, complex), None, pixel)
    return Product(ProductMetadata(**METADATA), ProbePositionSequence(places), probes, held, [])


def areas(product: Product) -> float:
    """Area of a pixel of the object over that of a pixel of the detector: what its patterns are multiplied by."""
    probe, metadata = product.probes.get_geometry(), product.metadata
    detector = metadata.photon_wavelength_m * metadata.detector_distance_m / (probe.width_px * probe.pixel_width_m)
    return float((probe.pixel_width_m / detector) ** 2)


class Ptychodus:
    """Patches and canvases between pixels by bilinear weights; simulated scans."""

    name = "ptychodus"
    stages = frozenset({"patches", "reassembly", "physics"})
    refusals = "any"
    refers_to = "(N-1)/2"
    quantity = "intensity"
    precision = "double"

    def patches(self, obj: Any, centres_xy: Any, N: int) -> Any:
        """Patches (n, N, N) of an object."""
        cutter = BarycentricArrayInterpolator(np.array(obj))
        found = [cutter.get_patch(x, y, N, N) for x, y in np.asarray(centres_xy, np.float64)]
        return np.asarray(found) if found else np.zeros((0, N, N), complex)

    def reassemble(self, patches: Any, centres_xy: Any, chunk: int | None = None) -> Any:
        """Mean of patches (n, N, N) on a canvas; stitches them one by one."""
        stack, centres = np.array(patches, np.complex128), np.asarray(centres_xy, np.float64)
        N = stack.shape[-1]
        middle = np.floor(centres.mean(axis=0) + 0.5)
        half = (np.ceil(np.abs(centres - middle).max(axis=0)) + N // 2 + 2).astype(int)
        origin = middle - half
        weight = np.zeros((2 * half[1], 2 * half[0]))
        stitcher = BarycentricArrayStitcher(np.zeros(weight.shape, complex), weight)
        for (x, y), patch in zip(centres - origin, stack, strict=True):
            stitcher.add_patch(x, y, patch, np.ones((N, N)))
        return {"object": stitcher.stitch(), "coverage": weight, "origin_xy": origin}

    def simulate(self, patches: Any, probe: Any) -> Any:
        """Diffraction intensities (n, N, N): a scan of one point for every patch, an object of its own."""
        side = np.shape(patches)[-1]
        if np.shape(probe)[-2:] != (side, side):
            raise ValueError("its scans cut every window to the probe: no patch has another side")
        middle = [[(side - 1) / 2, (side - 1) / 2]]
        frames = []
        for patch in patches:
            product = product_of(patch, probe, middle)
            frames.append(generate_diffraction_data(product).get_patterns()[0] / areas(product))
        return np.reshape(frames, (-1, side, side))

    def measure(self, xcoords: Any, ycoords: Any, probe: Any, obj: Any, nphotons: Any, seed: Any) -> Mapping[str, Any]:
        """Simulate a scan; with a dose the probe holds that many photons, and the counts are its own."""
        lit = np.array(probe, complex)
        if nphotons is not None:
            lit *= np.sqrt(nphotons / (np.abs(lit) ** 2).sum())
        product = product_of(obj, lit, np.stack([xcoords, ycoords], axis=1))
        rng = None if nphotons is None else np.random.default_rng(seed)
        frames = np.asarray(generate_diffraction_data(product, rng).get_patterns())
        if nphotons is None:
            frames = frames / areas(product)
        held = {"diff3d": frames, "probeGuess": lit, "objectGuess": np.array(obj, complex)}
        return held | {"xcoords": np.array(xcoords, np.float64), "ycoords": np.array(ycoords, np.float64)}

    def arrays(self, scan: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return what a simulated scan holds."""
        return scan
