"""``python -m ptycho_torch verify STORE``: read a store wholly, and tell what is damaged."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path


def main(arguments: Sequence[str] | None = None) -> int:
    """Return 0 for a sound store, 1 for a damaged one, 3 when the disk does not give it; wrong usage exits with 2."""
    parser = argparse.ArgumentParser(prog="python -m ptycho_torch", description="Stores of the PyTorch backend.")
    commands = parser.add_subparsers(required=True)
    verify = commands.add_parser("verify", help="read a store wholly, and tell what is damaged")
    verify.add_argument("store", type=Path, help="folder of the store")
    return _verify(parser.parse_args(arguments).store)


def _verify(folder: Path) -> int:
    from ptycho_torch.errors import Refusal
    from ptycho_torch.manifest import read_manifest
    from ptycho_torch.verification import damages, unlike

    try:
        manifest = read_manifest(folder)
        found = [*damages(folder, manifest), *unlike(manifest)]
    except Refusal as error:
        found = [str(error)]
    except OSError as error:
        sys.stderr.write(f"{folder} cannot be read: {error}\n")
        return 3
    sys.stdout.write("".join(f"{one}\n" for one in found) or f"{folder} is sound\n")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
