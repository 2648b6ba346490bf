"""TensorFlow tensors of a container: the only module that imports TensorFlow, and only when called."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from ptycho_ref.errors import MissingDependency, sentence


class TrainingArrays(Protocol):
    """What batches are made of: of a container, its frames, start coordinates and moduli (B, ...), channels last."""

    @property
    def X(self) -> NDArray[np.float32]:
        """Frames (B, N, N, C)."""

    @property
    def Y_I(self) -> NDArray[np.float32]:
        """Moduli of the truth (B, N, N, C)."""

    @property
    def coords_nominal(self) -> NDArray[np.float32]:
        """Relative start coordinates (B, 1, 2, C)."""


def _tensorflow() -> Any:
    try:
        import tensorflow
    except ImportError as error:
        absent = error.name if isinstance(error, ModuleNotFoundError) and error.name else "tensorflow"
        title = "TensorFlow" if absent == "tensorflow" else absent
        raise MissingDependency(
            sentence(f"{title} is required to make tensors: pip install 'ptycho-conformance[tensorflow]'", "CND-013"),
            name=absent,
        ) from error
    return tensorflow


def as_tensors(arrays: Mapping[str, NDArray[Any]]) -> dict[str, Any]:
    """Convert arrays to tensors of the same dtype, shape and values (CON-015).

    Raises
    ------
    MissingDependency
        TensorFlow is not installed.
    """
    tf = _tensorflow()
    return {name: tf.convert_to_tensor(values, dtype=tf.as_dtype(values.dtype)) for name, values in arrays.items()}


def as_tf_dataset(
    container: TrainingArrays, batch_size: int, nphotons: float, *, shuffle: bool = False, seed: int | None = None
) -> Any:
    """Make a ``tf.data.Dataset`` of batches; the last, smaller batch is kept.

    Parameters
    ----------
    container : PtychoDataContainer
        Or whatever has its ``X``, ``Y_I`` and ``coords_nominal``.
    batch_size : int
        Groups a batch.
    nphotons : float
        Mean photons a frame; the intensity scale is s = sqrt(nphotons) / (N/2).
    shuffle : bool
        Permute the rows with ``seed``, the same in every epoch.
    seed : int, optional
        Seed of the permutation; None: fresh entropy.

    Returns
    -------
    tf.data.Dataset
        ((s·X, coords_nominal), (first channel of Y_I, s·X, (s·X)²)), float32, channels last.

    Raises
    ------
    MissingDependency
        TensorFlow is not installed.
    """
    tf = _tensorflow()
    order = np.random.default_rng(seed).permutation(len(container.X)) if shuffle else np.arange(len(container.X))
    scale = np.float32(np.sqrt(nphotons) / (container.X.shape[1] / 2))
    scaled = container.X[order] * scale
    inputs = (scaled, container.coords_nominal[order])
    targets = (container.Y_I[order][..., :1], scaled, scaled**2)
    return tf.data.Dataset.from_tensor_slices((inputs, targets)).batch(batch_size, drop_remainder=False)
