"""What two backends are asked alike in each stage, and what of their answers must be equal.

Every stage is given the same input on both sides, so that a fault upstream is not blamed on a stage downstream. Where
the contract leaves a choice, such as which random group, what must hold whatever the choice is compared.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import numpy as np

from conformance.adapter import BatchRequest, BridgeRequest, ConfigureRequest, GroupRequest, SplitRequest
from conformance.backends.batches import channels_last
from conformance.backends.subject import Subject, offered
from conformance.contract.arrays import (
    CHANNEL,
    MASK,
    PER_POINT,
    Place,
    Unit,
    arrays_of,
    axes_of,
    carried_arrays,
    names_in,
    names_of,
    row,
)
from conformance.contract.stages import Stage
from conformance.contract.types import Array
from conformance.engine.pair import Named, Pair
from conformance.evidence.tensors import as_numpy
from conformance.scans.masks import mask_of, masked
from conformance.scans.specimens import Specimen, requests_for, structured_object

Comparison = Callable[[Pair, Specimen], None]

_MOST_GROUPS = 64
_OF_MASKS = (Stage.NPZ, Stage.RAWDATA, Stage.GROUPING, Stage.NORMALIZATION, Stage.CONTAINER, Stage.DATASET)
_IMAGES_AND_PLACES = tuple(one.name for one in arrays_of(Place.GROUPED) if len(one.axes[0]) == 4)
_COORDINATES = tuple(name for name in _IMAGES_AND_PLACES if row(name, Place.GROUPED).unit is Unit.PIXEL)


def _arrays(subject: Subject, specimen: Specimen) -> Named:
    return dict(subject.adapter.arrays(subject.scan_of(specimen)))


def _loading(pair: Pair, specimen: Specimen) -> None:
    left, right = pair.results(lambda subject: _arrays(subject, specimen))
    pair.named(right, left, dict.fromkeys([*left, *right]), "the scan")


def _in_memory(pair: Pair, specimen: Specimen) -> None:
    def kept(subject: Subject) -> Named:
        path = subject.fresh_folder() / "kept.npz"
        subject.adapter.save(subject.adapter.assemble(dict(specimen.arrays)), path)
        with np.load(path, allow_pickle=False) as members:
            return dict(members)

    left, right = pair.results(kept)
    pair.named(right, left, dict.fromkeys([*left, *right]), "the saved file")


def determined(specimen: Specimen) -> Iterator[tuple[Specimen, GroupRequest]]:
    """Yield scans and requests whose groups leave no choice but the order of members."""
    count = min(specimen.M, _MOST_GROUPS)
    yield specimen, GroupRequest(N=specimen.N, nsamples=count, seed=1, sequential_sampling=True)
    for gridsize in (2, 3):
        C = gridsize**2
        if specimen.M < C:
            continue
        # As many points as members: every group is the whole scan.
        arrays = {name: values[:C] if name in PER_POINT else values for name, values in specimen.arrays.items()}
        cut = Specimen(f"{specimen.name}, first {C} points", arrays, specimen.consistent)
        yield cut, GroupRequest(N=specimen.N, gridsize=gridsize, K=C, nsamples=2, seed=1, sequential_sampling=True)


def _ordered(grouped: Named) -> dict[str, Any]:
    """Return a grouped result with the members of each group in ascending order."""
    order = np.argsort(as_numpy(grouped["nn_indices"]), axis=1, kind="stable")
    sorted_by_member = dict(grouped)
    for name, values in grouped.items():
        array = None if values is None else as_numpy(values)
        if array is not None and axes_of(name, array.ndim)[-1:] == ("channel",):
            places = order.reshape(len(order), *([1] * (array.ndim - 2)), -1)
            sorted_by_member[name] = np.take_along_axis(array, places, axis=-1)
    return sorted_by_member


def with_mask(pair: Pair, stage: Stage, specimens: Iterable[Specimen]) -> Iterator[Specimen]:
    """Yield one of the made scans with a mask and light under it, where both backends carry masks through a stage.

    Parameters
    ----------
    pair : Pair
    stage : Stage
    specimens : iterable of Specimen
    """
    made = next((one for one in specimens if one.path is None and MASK not in one.arrays), None)
    if made is not None and stage in _OF_MASKS and MASK in pair.shared:
        arrays = masked(made.arrays, mask_of(made.N, 61), 1.5)
        yield Specimen(f"{made.name}, masked", arrays, consistent=False)


def _grouping(pair: Pair, specimen: Specimen) -> None:
    for scan, request in determined(specimen):
        left, right = pair.results(lambda subject, s=scan, r=request: _ordered(subject.grouped(s, r)))  # type: ignore[misc]
        pair.named(right, left, ("nn_indices", "diffraction", *carried_arrays()), f"the groups of {scan.name}")
    for request in requests_for(specimen):
        left, right = pair.results(lambda subject, r=request: subject.grouped(specimen, r))  # type: ignore[misc]
        shapes = [
            {k: None if v is None else np.shape(as_numpy(v)) for k, v in one.items() if k in _IMAGES_AND_PLACES}
            for one in (left, right)
        ]
        pair.evidence.holds(
            shapes[0] == shapes[1],
            f"Grouped by {request}, {pair.second.name} gives {shapes[1]}, {pair.first.name} gives {shapes[0]}.",
        )


def _of_groups(names: tuple[str, ...]) -> Comparison:
    def comparison(pair: Pair, specimen: Specimen) -> None:
        for scan, request in determined(specimen):
            left, right = pair.results(lambda subject, s=scan, r=request: _ordered(subject.grouped(s, r)))  # type: ignore[misc]
            pair.named(right, left, names, f"the groups of {scan.name}")

    return comparison


def _patches(pair: Pair, specimen: Specimen) -> None:
    obj = specimen.arrays.get("objectGuess", structured_object(np.random.default_rng(specimen.M), (37, 29)))
    positions = specimen.positions[:_MOST_GROUPS]
    left, right = pair.results(lambda subject: subject.adapter.patches(obj.copy(), positions.copy(), specimen.N))
    pair.close(right, left, "the patches", axes_of("patches", 3), wide=True)
    if _both_offer(pair, "group"):
        _of_groups(("Y",))(pair, specimen)


def _container(pair: Pair, specimen: Specimen) -> None:
    for scan, request in determined(specimen):
        grouped = {k: None if v is None else as_numpy(v) for k, v in pair.first.grouped(scan, request).items()}
        probe = scan.arrays["probeGuess"]
        left, right = pair.results(
            lambda subject, g=grouped, p=probe: subject.adapter.container(dict(g), p.copy())  # type: ignore[misc]
        )
        shared = [name for name in left if hasattr(left[name], "shape")]
        pair.named(right, left, shared, f"the container of {scan.name}")


def _batches(pair: Pair, specimen: Specimen) -> None:
    for scan, request in determined(specimen):
        asked = BatchRequest(request, batch_size=5)

        def rows(subject: Subject, scan: Specimen = scan, asked: BatchRequest = asked) -> Named:
            paths = [subject.write(scan.arrays) for _ in range(2)]
            batches = [dict(batch) for batch in subject.adapter.batches(paths, asked)]
            names = [name for name in batches[0] if name in names_of(Place.BATCH)]
            return {name: np.concatenate([channels_last(name, batch) for batch in batches]) for name in names}

        left, right = pair.results(rows)
        left, right = _ordered_rows(left), _ordered_rows(right)
        for field in (one for one in arrays_of(Place.BATCH) if pair.compares(one.name)):
            name = field.name
            atol = 1e-3 if field.unit is Unit.PIXEL else 0.0
            what = f"{name} of the batches of {scan.name}"
            pair.close(right.get(name), left.get(name), what, names_in(field.axes[0]), atol=atol, wide=True)


_LISTED = tuple(one.name for one in arrays_of(Place.BATCH) if one.axes[0][-1] == CHANNEL)


def _ordered_rows(rows: Named) -> dict[str, Array]:
    order = np.argsort(rows["nn_indices"], axis=1, kind="stable")
    sorted_by_member = dict(rows)
    for name in _LISTED:
        places = order.reshape(len(order), *([1] * (rows[name].ndim - 2)), -1)
        sorted_by_member[name] = np.take_along_axis(rows[name], places, axis=-1)
    return sorted_by_member


def _splits(pair: Pair, specimen: Specimen) -> None:
    _batches(pair, specimen)
    if not _both_offer(pair, "split") or specimen.M < 2:
        return
    for request in (SplitRequest(0.7, "ordered"), SplitRequest(0.4, "blocks")):

        def parts(subject: Subject, request: SplitRequest = request) -> tuple[Named, ...]:
            return tuple(
                subject.adapter.arrays(part) for part in subject.adapter.split(subject.scan_of(specimen), request)
            )

        left, right = pair.results(parts)
        for number, part in enumerate(("training", "test")):
            pair.named(right[number], left[number], left[number], f"the {part} part by {request.method}")


def _configuration(pair: Pair, specimen: Specimen) -> None:
    held = {"N": 1, "kept": "by others"}
    fields = {"nphotons": 2e6, "n_groups": 9}
    for request in (
        ConfigureRequest("training", {"N": specimen.N, "gridsize": 2}, {**fields, "train_data_file": "a.npz"}, held),
        ConfigureRequest("inference", {"N": specimen.N}, {"model_path": "m", "test_data_file": "b.npz"}, held),
    ):
        left, right = pair.results(lambda subject, r=request: _plain(subject.adapter.configure(r)))  # type: ignore[misc]
        pair.evidence.holds(left == right, f"configure: {_odd_fields(pair, left, right)}.")
    if not _both_offer(pair, "bridge"):
        return
    overrides = {**fields, "train_data_file": "a.npz", "test_data_file": "b.npz"}
    data = {"N": specimen.N, "grid_size": (2, 2), "K": 7, "probe_scale": 2.5}
    asked = BridgeRequest("training", data, {"amp_activation": "silu"}, {"epochs": 3, "nll": False}, {}, overrides)
    left, right = pair.results(lambda subject: _plain(subject.adapter.bridge(asked)))
    pair.evidence.holds(left == right, f"bridge: {_odd_fields(pair, left, right)}.")


def _plain(fields: Named) -> dict[str, str]:
    return {str(name): str(value) for name, value in fields.items()}


def _odd_fields(pair: Pair, left: Mapping[str, str], right: Mapping[str, str]) -> str:
    odd = sorted(name for name in {*left, *right} if left.get(name) != right.get(name))
    return ", ".join(
        f"{name} is {right.get(name)} in {pair.second.name} and {left.get(name)} in {pair.first.name}" for name in odd
    )


def _both_offer(pair: Pair, method: str) -> bool:
    return method in offered(pair.first.selected) & offered(pair.second.selected)


def _transforms(pair: Pair, specimen: Specimen) -> None:
    rng = np.random.default_rng(specimen.M)
    if _both_offer(pair, "translate"):
        images = rng.normal(size=(3, specimen.N, specimen.N + 3)).astype(np.complex64)
        shifts = np.array([[2.0, 0.0], [-1.0, 3.0], [0.0, -2.0]])
        left, right = pair.results(lambda subject: subject.adapter.translate(images.copy(), shifts.copy()))
        pair.close(right, left, "the translated images", wide=True)
    if _both_offer(pair, "transform"):
        _layouts(pair, rng)


def _layouts(pair: Pair, rng: np.random.Generator) -> None:
    for gridsize in (1, 2, 3):
        C = gridsize**2
        flat = rng.normal(size=(3 * C, 8, 8, 1)).astype(np.float32)
        groups, grid = rng.normal(size=(3, 8, 8, C)), flat.reshape(3, gridsize, gridsize, 8, 8, 1)
        for name, values in (
            ("channel_to_flat", groups),
            ("flat_to_channel", flat),
            ("flat_to_grid", flat),
            ("grid_to_flat", grid),
            ("channel_to_grid", groups),
            ("grid_to_channel", grid),
        ):

            def moved(subject: Subject, name: str = name, values: Array = values, g: int = gridsize) -> Any:
                return subject.adapter.transform(name, values.copy(), g)

            left, right = pair.results(moved)
            pair.close(right, left, f"{name} at gridsize {gridsize}")


def _placed(pair: Pair, specimen: Specimen) -> None:
    positions = specimen.positions[:_MOST_GROUPS]
    frames = np.asarray(specimen.arrays["diff3d"][:_MOST_GROUPS])
    patches = np.asarray(specimen.arrays.get("Y", frames)[:_MOST_GROUPS], dtype=np.complex64)
    left, right = pair.results(lambda subject: subject.adapter.reassemble(patches.copy(), positions.copy()))
    whole = [
        _on_one_canvas(as_numpy(one["object"]), as_numpy(one["origin_xy"]), positions, specimen.N)
        for one in (left, right)
    ]
    pair.close(whole[1], whole[0], "the reassembled object", axes_of("object", 2), wide=True)


def _on_one_canvas(obj: Array, origin: Array, positions: Array, N: int) -> Array:
    """Cut the part that every canvas must hold, so that canvases of different size can be compared."""
    low = np.floor(positions.min(axis=0)) - N // 2
    high = np.ceil(positions.max(axis=0)) + N // 2
    left, top = np.round(low - origin).astype(int)
    width, height = (high - low).astype(int)
    return np.array(obj[top : top + height, left : left + width])


def _forward(pair: Pair, specimen: Specimen) -> None:
    rng = np.random.default_rng(specimen.N)
    patches = np.stack([structured_object(rng, (specimen.N, specimen.N)) for _ in range(3)])
    probe = specimen.arrays["probeGuess"]
    left, right = pair.results(lambda subject: subject.adapter.simulate(patches.copy(), probe.copy()))
    pair.close(right, left, "the diffraction amplitudes", axes_of("amplitude", 3))
    if _both_offer(pair, "measure"):
        _measured(pair, probe, patches[0])


def _measured(pair: Pair, probe: Array, obj: Array) -> None:
    """Compare the frames of a scan without noise, at whole positions inside the object."""
    places = np.array([obj.shape[::-1]]) // 2 + np.array([[0.0, 0.0], [2.0, -1.0], [-2.0, 1.0]])
    wide = np.pad(obj, 3, mode="reflect")

    def frames(subject: Subject) -> Any:
        x, y = (places + 3).T.copy()
        return subject.adapter.arrays(subject.adapter.measure(x, y, probe.copy(), wide.copy(), None, 1))["diff3d"]

    left, right = pair.results(frames)
    pair.close(right, left, "the frames of a simulated scan")


STAGES: Mapping[Stage, Comparison] = {
    Stage.NPZ: _loading,
    Stage.RAWDATA: _in_memory,
    Stage.GROUPING: _grouping,
    Stage.COORDINATES: _of_groups(_COORDINATES),
    Stage.PATCHES: _patches,
    Stage.NORMALIZATION: _of_groups(("X_full",)),
    Stage.CONTAINER: _container,
    Stage.DATASET: _splits,
    Stage.CONFIG: _configuration,
    Stage.TRANSFORMS: _transforms,
    Stage.REASSEMBLY: _placed,
    Stage.PHYSICS: _forward,
}
"""What is compared of each stage, in the order in which data flows."""
