"""The PyTorch backend: streaming, memory-mapped, on any device.

Importing it without a package that it needs raises :class:`ptycho_torch.errors.MissingDependency`, which names the
package and holds the install command.
"""

from ptycho_torch.errors import require

require("torch", "tensordict", "tqdm", "filelock")
