"""The adapter protocol: all that a backend writes to be judged.

An adapter is a class with a ``name``, the ``stages`` it claims, and the methods of those stages. Nothing is inherited
and nothing else is asked. A method that is not there makes its checks not applicable, never a pass; a claimed stage
whose required method is missing is an error.

Arrays that a method returns may be NumPy arrays or tensors of any framework; the suite reads values, dtype, shape and
device itself. Requests are frozen and carry the contract's own parameter names.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Protocol, TypeAlias

from conformance.contract.stages import METHODS, OPTIONAL_METHODS, Stage
from conformance.contract.types import Array

__all__ = [
    "METHODS",
    "OPTIONAL_METHODS",
    "Adapter",
    "BatchRequest",
    "BridgeRequest",
    "ConfigureRequest",
    "GroupRequest",
    "SplitRequest",
    "Stage",
]

Scan: TypeAlias = Any
Strategy: TypeAlias = Literal["sample_then_group", "group_then_sample"]


@dataclass(frozen=True)
class GroupRequest:
    """Parameters of one grouping (GRP, CRD, NRM, CCH).

    Attributes
    ----------
    N : int
        Side of a frame in pixels.
    gridsize : int
        C = gridsize² members a group.
    K : int
        Neighbours of a seed, the seed itself not counted.
    nsamples : int
        Groups wanted.
    seed : int or None
        Seed of the draw; None means fresh entropy.
    sequential_sampling : bool
        Take the first ``min(nsamples, M)`` scan points as seeds, in order.
    enable_oversampling : bool
        Draw exactly ``nsamples`` groups, more than there are scan points if need be.
    neighbor_pool_size : int or None
        Neighbours in the pool when oversampling; None means ``K``.
    strategy : {"sample_then_group", "group_then_sample"}
        The second is the older one and uses the groups cache.
    dataset_path : Path or None
        Data set beside which the groups cache lies; None means no cache file.
    amplitude_scale : float or None
        Normalisation scale to apply as it is (training statistics carried to another part); None: from this result.
    """

    N: int
    gridsize: int = 1
    K: int = 4
    nsamples: int = 1
    seed: int | None = None
    sequential_sampling: bool = False
    enable_oversampling: bool = False
    neighbor_pool_size: int | None = None
    strategy: Strategy = "sample_then_group"
    dataset_path: Path | None = None
    amplitude_scale: float | None = None


@dataclass(frozen=True)
class SplitRequest:
    """How scan points are divided into a training and a test part (DAT)."""

    fraction: float
    method: Literal["ordered", "random", "blocks"] = "ordered"
    seed: int | None = None


@dataclass(frozen=True)
class BatchRequest:
    """Batches over one or several scans (DAT).

    ``group`` is applied to each file; ``shuffle`` permutes the rows with ``seed``; ``probe_scale`` and
    ``probe_normalize`` follow the contract's probe gauge; ``normalize`` names the scope of the data scales.
    """

    group: GroupRequest
    batch_size: int
    shuffle: bool = False
    seed: int | None = None
    probe_scale: float = 4.0
    probe_normalize: bool = True
    normalize: Literal["Batch", "Group", "None"] = "Batch"


@dataclass(frozen=True)
class ConfigureRequest:
    """A configuration in the contract's field names, and the legacy dictionary before it is applied (CFG).

    Attributes
    ----------
    kind : {"training", "inference"}
    model, fields : Mapping[str, Any]
        Explicit fields of the model configuration and of the outer one; everything else takes its default.
    existing : Mapping[str, Any]
        What the legacy dictionary holds before the update.
    """

    kind: Literal["training", "inference"]
    model: Mapping[str, Any] = field(default_factory=dict)
    fields: Mapping[str, Any] = field(default_factory=dict)
    existing: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class BridgeRequest:
    """Torch-named settings to be translated to the canonical configuration (CFG)."""

    kind: Literal["training", "inference"]
    data: Mapping[str, Any] = field(default_factory=dict)
    model: Mapping[str, Any] = field(default_factory=dict)
    training: Mapping[str, Any] = field(default_factory=dict)
    inference: Mapping[str, Any] = field(default_factory=dict)
    overrides: Mapping[str, Any] = field(default_factory=dict)


class Adapter(Protocol):
    """What the suite calls. Every stage is optional; the docstrings say what each method owes.

    Attributes
    ----------
    name : str
        Short name shown in the tables.
    stages : frozenset of Stage (or their plain names)
        What the backend claims. The rest is not applicable.
    framework : str, optional
        ``"tensorflow"`` or ``"torch"``: what ``tensors`` returns. Without it the checks of tensors do not apply.
    carries : collection of str, optional
        Arrays that the contract leaves to backends and that this one carries from file to batch: ``("bad_pixels",)``,
        the mask. Without it the checks of masks do not apply.
    subpixel : {"bilinear", "fourier", "whole", "probe"} or mapping of stages to these, optional
        How patches between pixels are cut (``patches``), placed (``reassemble``) and simulated (``measure``): PAT-013,
        REA-014, PHY-017. ``probe``: on whole pixels, and what is left moves the probe. What differs from the contract
        exactly as stated ends as DECLARED; a statement that is not true fails.
    outside : {"zeros", "wrap", "edge", "refused"}, optional
        What a window holds where it leaves the object (PAT-014).
    modes : {"many", "one"} or mapping of stages to these, optional
        How many modes a probe may have: in files (``npz``, NPZ-049) and where it simulates (``physics``, PHY-015).
    floor : number, optional
        What is added to every intensity before the root is taken, or the least that one may be (PHY-016).
    refusals : {"contract", "any", "none"}, optional
        How what the contract refuses ends: in a ValueError that says what the contract asks for; in any error, whatever
        it says; in an error or a result, whichever comes (CND-025). What ends so is DECLARED, and no failure.
    axis_order : {"xy", "yx"}, optional
        Columns of positions and shifts, and order of ``origin_xy``. This and what follows down to ``precision`` is the
        convention of the backend: arrays are translated on the way, the report says which, and CND-027 holds it to be
        true. It concerns ``patches``, ``reassemble``, ``translate``, ``simulate``, ``noisy``, ``measure`` and
        ``arrays`` of what was measured; coordinates that are named x and y stay so.
    refers_to : {"N/2", "(N-1)/2", "corner"}, optional
        Which place of a window a position names; the corner is its pixel [0, 0].
    unit : {"px", "m", "um", "nm"}, optional
        Unit of positions and shifts, with ``pixel_size``, how many metres wide a pixel of the object is.
    fft_norm : {"ortho", "backward", "forward"}, optional
        Norm of the transform to the detector, as NumPy names it.
    fft_order : {"centred", "corner"}, optional
        Whether a frame has the zero frequency in pixel (N/2, N/2) or in pixel (0, 0).
    quantity : {"amplitude", "intensity"}, optional
        What ``simulate`` gives, ``noisy`` takes and gives, and measured frames are.
    precision : {"any", "single", "double"}, optional
        In which objects, patches, probes and frames are taken; results come back as the contract has them.
    version : str, optional
        Version of the backend, for ledgers; without it that of the distribution named as the adapter's package.
    devices : sequence of str, optional
        Devices present, such as ``("cpu", "cuda")``. The backend is then judged on each, as the adapter that its method
        ``on(device)`` returns, whose ``name`` tells the device.
    """

    name: str
    stages: frozenset[Stage]

    def load(self, path: Path) -> Scan:
        """Read a scan file into the backend's own object, opaque to the suite (NPZ)."""

    def arrays(self, scan: Scan) -> Mapping[str, Array | None]:
        """Return what the scan holds after loading, under the canonical names of the file contract (NPZ, RAW)."""

    def assemble(self, arrays: Mapping[str, Any]) -> Scan:
        """Build a scan from arrays in memory, under the names of the file contract (RAW)."""

    def save(self, scan: Scan, path: Path) -> None:
        """Write the scan as a canonical NPZ (RAW)."""

    def write(self, scan: Scan, path: Path) -> None:
        """Write the scan in the backend's own format (RAW).

        Parameters
        ----------
        scan : Scan
        path : Path
            A name without ending in a folder that is there. What is written bears this name: a file, a folder, or files
            with endings of the backend's choice; nobody else opens them.
        """

    def read(self, path: Path) -> Scan:
        """Read what ``write`` wrote under this name, in this process or another (RAW).

        Parameters
        ----------
        path : Path
            As ``write`` was given it.
        """

    def measure(
        self, xcoords: Array, ycoords: Array, probe: Array, obj: Array, nphotons: float | None, seed: int | None
    ) -> Scan:
        """Simulate a scan of ``obj``; ``nphotons`` None means without noise (RAW, PHY).

        Parameters
        ----------
        xcoords, ycoords : (M,) float64
            Positions in object pixels; x is the column, y the row.
        probe : (N, N) or (P, N, N) complex
            Illumination; modes first.
        obj : (H, W) complex
            Object transmission.
        nphotons : float or None
            Mean number of photons a frame; None: no noise.
        seed : int or None
            Seed of the noise; None: fresh entropy.
        """

    def group(self, scan: Scan, request: GroupRequest) -> Mapping[str, Any]:
        """Return the grouped result of the contract (GRP, CRD, NRM, CCH)."""

    def patches(self, obj: Array, centres_xy: Array, N: int) -> Array:
        """Cut ``(n, N, N)`` patches of the object at ``(n, 2)`` positions, columns [x, y] (PAT).

        Parameters
        ----------
        obj : (H, W) complex
            Object transmission.
        centres_xy : (n, 2) float
            Positions in object pixels, columns [x, y].
        N : int
            Side of a patch in pixels.
        """

    def container(self, grouped: Mapping[str, Any], probe: Array) -> Mapping[str, Any]:
        """Return the arrays of the container under the contract's names (CON)."""

    def tensors(self, grouped: Mapping[str, Any], probe: Array) -> Mapping[str, Any]:
        """Return the container as the framework's own tensors; raise ImportError when it is not installed (CON)."""

    def split_groups(
        self, grouped: Mapping[str, Any], probe: Array, fraction: float
    ) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
        """Split a container after grouping: training part, then test part (CON).

        Parameters
        ----------
        grouped : Mapping
            The grouped result of the contract (GRP-021).
        probe : (N, N) or (P, N, N) complex
            Illumination.
        fraction : float
            Share of the groups that the training part holds, from 0 to 1.
        """

    def split(self, scan: Scan, request: SplitRequest) -> tuple[Scan, Scan]:
        """Split the scan points before grouping: training part, then test part (DAT)."""

    def batches(self, paths: Sequence[Path], request: BatchRequest) -> Iterator[Mapping[str, Any]]:
        """Iterate over batches of several scans (DAT). A single folder stands for its ``*.npz`` files, sorted."""

    def configure(self, request: ConfigureRequest) -> Mapping[str, Any]:
        """Return the legacy dictionary after the configuration has been applied to ``request.existing`` (CFG)."""

    def bridge(self, request: BridgeRequest) -> Mapping[str, Any]:
        """Translate torch-named settings; return the canonical fields, the model's flattened into them (CFG)."""

    def transform(self, name: str, array: Array, gridsize: int) -> Array:
        """Apply a layout transform of the contract, such as ``channel_to_flat`` (TRF).

        Parameters
        ----------
        name : str
            ``channel_to_flat``, ``flat_to_channel``, ``flat_to_grid``, ``grid_to_flat``, ``channel_to_grid`` or
            ``grid_to_channel``.
        array : (B, N, N, C), (B·C, N, N, 1) or (B, g, g, N, N, 1)
            In the layout that the name begins with.
        gridsize : int
            g; C = gridsize².
        """

    def translate(self, images: Array, shifts_xy: Array) -> Array:
        """Move the content of ``(n, H, W)`` images by ``(n, 2)`` shifts [dx, dy] (TRF)."""

    def reassemble(self, patches: Array, centres_xy: Array, chunk: int | None = None) -> Mapping[str, Any]:
        """Place ``(n, N, N)`` patches: ``object``, ``coverage`` and ``origin_xy``; ``chunk`` streams (REA).

        The canvas is at least N + 2 · max|offset| pixels wide, offsets being those from the mean of the positions,
        rounded to whole pixels; ``origin_xy`` is the place of its pixel [0, 0].

        Parameters
        ----------
        patches : (n, N, N) complex or float
            Object patches.
        centres_xy : (n, 2) float
            Positions in object pixels, columns [x, y].
        chunk : int, optional
            Patches placed at a time when streaming; None: the whole at once, with an equal result (REA-009).
        """

    def simulate(self, patches: Array, probe: Array) -> Array:
        """Forward model: diffraction amplitude ``(n, N, N)`` of object patches under the probe (PHY)."""

    def noisy(self, amplitude: Array, seed: int) -> Array:
        """Draw Poisson counts of ``amplitude²`` and return their square root (PHY)."""
