"""A batch, and how loaders treat it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
import torch
from tensordict import TensorDict
from torch import Tensor
from torch.utils.data._utils.collate import default_collate_fn_map

_SMALL = 1 << 16


class Fields(TensorDict):  # type: ignore[no-untyped-call]
    """The fields of a batch; a type of its own, by which a loader tells whole batches from rows."""


class Batch(NamedTuple):
    """Fields, probe and probe scaling of B groups; of one, without the first axis.

    Attributes
    ----------
    fields : TensorDict
        See :meth:`ptycho_torch.dataset.PtychoDataset.__getitems__`.
    probe : (B, C, P, N, N) complex64
        The same memory for all channels, so it must not be written to in place.
    scaling : (B, 1, 1, 1) float32
    """

    fields: TensorDict
    probe: Tensor
    scaling: Tensor

    def to(self, device: str | torch.device, non_blocking: bool = False) -> Batch:
        """Move to a device; a probe is sent once, not once a channel."""
        probe = _compactly(self.probe, lambda values: values.to(device, non_blocking=non_blocking))
        fields = self.fields.to(torch.device(device), non_blocking=non_blocking)
        return Batch(fields, probe, self.scaling.to(device, non_blocking=non_blocking))

    def pin_memory(self) -> Batch:
        """Move to pinned memory; a ``DataLoader`` with ``pin_memory=True`` calls this."""
        return Batch(self.fields.pin_memory(), _compactly(self.probe, Tensor.pin_memory), self.scaling.pin_memory())

    def __reduce__(self) -> tuple[Any, ...]:
        # Of each tensor a worker sends, a loader opens a file of shared memory: small ones travel by value.
        packed = {name: _packed(values) for name, values in self.fields.items()}
        probe, scaling = _packed(_made_of(self.probe)), _packed(self.scaling)
        return _received, (packed, self.fields.batch_size, probe, self.probe.shape, scaling)


def _received(packed: dict[str, Any], size: torch.Size, probe: Any, shape: torch.Size, scaling: Any) -> Batch:
    fields = Fields({name: _unpacked(values) for name, values in packed.items()}, batch_size=size)
    return Batch(fields, _unpacked(probe).expand(shape), _unpacked(scaling))


def _packed(values: Any) -> Any:
    small = type(values) is Tensor and values.device.type == "cpu" and values.nbytes < _SMALL
    return values.detach().numpy() if small else values


def _unpacked(values: Any) -> Any:
    return torch.from_numpy(values) if isinstance(values, np.ndarray) else values


def _made_of(values: Tensor) -> Tensor:
    """What expanded values are made of: memory that stands for several entries cannot be written."""
    for axis, (step, size) in enumerate(zip(values.stride(), values.shape, strict=True)):
        if step == 0 and size > 1:
            values = values.narrow(axis, 0, 1)
    return values


def _compactly(values: Tensor, move: Callable[[Tensor], Tensor]) -> Tensor:
    """Move expanded values as what they are made of."""
    return move(_made_of(values)).expand(values.shape)


def _collated(parts: Batch | Sequence[Fields], *, collate_fn_map: Any = None) -> Any:
    """Leave a whole batch as it is, stack fields of rows."""
    return parts if isinstance(parts, Batch) else torch.stack(list(parts))


# PyTorch's way to teach its collate function a type.
default_collate_fn_map[Fields] = _collated
