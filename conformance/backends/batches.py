"""The two layouts in which a backend may hand out a batch, brought to one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from conformance.evidence.tensors import as_numpy


def channels_last(name: str, batch: Mapping[str, Any]) -> NDArray[Any]:
    """Bring one field of a batch to channels last; what fits neither layout stays as it is."""
    values = as_numpy(batch[name])
    C = as_numpy(batch["nn_indices"]).shape[-1] if "nn_indices" in batch else 1
    if values.ndim != 4:
        return values
    if name == "images" and values.shape[2] == values.shape[3] and values.shape[1] == C:
        return np.moveaxis(values, 1, -1)
    if name.startswith("coords") and values.shape[2:] == (1, 2):
        return np.moveaxis(values, 1, -1)
    return values
