"""The PyTorch backend: streaming, memory-mapped, on any device.

Importing it without PyTorch raises :class:`ptycho_torch.errors.MissingDependency`, with the install command.
"""

from ptycho_torch.errors import INSTALL_TORCH, MissingDependency, sentence

try:
    import tensordict as _tensordict  # noqa: F401
    import torch as _torch  # noqa: F401
    import tqdm as _tqdm  # noqa: F401
except ImportError as error:
    message = sentence(f"PyTorch is required by ptycho_torch: {INSTALL_TORCH} ({error})", "CND-013")
    raise MissingDependency(message, name="torch") from error
