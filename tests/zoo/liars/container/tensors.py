"""Tensors that do not hold the arrays."""

from __future__ import annotations

import sys
import types
from collections.abc import Mapping
from typing import Any

import numpy as np

from conformance.adapter import GroupRequest
from tests.zoo.liar import Array, Liar, breaks


def doubled(tensor: Any) -> Any:
    """Return a float32 tensor of either framework as float64."""
    if isinstance(tensor, np.ndarray):
        return tensor.astype(np.float64) if tensor.dtype == np.float32 else tensor
    import tensorflow as tf

    return tf.cast(tensor, tf.float64) if tensor.dtype == tf.float32 else tensor


@breaks("CON-015")
class MakesDoublePrecisionTensors(Liar):
    def tensors(self, grouped: Mapping[str, Any], probe: Array) -> Any:
        return {name: doubled(tensor) for name, tensor in self.right.tensors(grouped, probe).items()}


@breaks("CON-015")
class MakesTensorsOfTransposedTruth(Liar):
    def tensors(self, grouped: Mapping[str, Any], probe: Array) -> Any:
        return self.right.tensors({**grouped, "X_full": np.swapaxes(grouped["X_full"], 1, 2)}, probe)


@breaks("CON-015")
class BlanksTheMaskInTensors(Liar):
    def tensors(self, grouped: Mapping[str, Any], probe: Array) -> Any:
        mask = grouped.get("bad_pixels")
        if mask is None:
            return self.right.tensors(grouped, probe)
        measured = ~np.asarray(mask)[:, :, np.newaxis]
        return self.right.tensors({**grouped, "X_full": np.asarray(grouped["X_full"]) * measured}, probe)


@breaks("CON-015")
class TakesSmallPhasesForNone(Liar):
    def tensors(self, grouped: Mapping[str, Any], probe: Array) -> Any:
        truth = grouped.get("Y")
        almost_real = truth is not None and np.abs(np.angle(truth)).max() < 0.05
        return self.right.tensors({**grouped, "Y": np.abs(truth)} if almost_real else grouped, probe)


@breaks("CON-016")
class ImportsAFrameworkWhileContaining(Liar):
    """Stands in for the import of a real framework, so that none need be installed."""

    def container(self, grouped: Mapping[str, Any], probe: Array) -> Any:
        # Only in the process that the check starts.
        if sys.argv[0] == "-c":
            sys.modules.setdefault("jax", types.ModuleType("jax"))
            self.land()
        return self.right.container(grouped, probe)

    def group(self, scan: Any, request: GroupRequest) -> Any:
        return self.right.group(scan, request)
