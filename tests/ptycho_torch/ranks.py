"""One rank of a distributed training: open the store that the others open too, and read this rank's rows.

Arguments: scan files, then the folder in which the store lies and the result is written.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import torch.distributed as dist
from torch.utils.data import DataLoader, DistributedSampler

from ptycho_torch.dataset import PtychoDataset
from ptycho_torch.grouping import Grouping
from ptycho_torch.store import StoreRequest


def main(paths: list[str], folder: Path) -> None:
    dist.init_process_group("gloo")
    # Groups of one, in an order that nobody can draw twice: only one store can serve both ranks.
    request = StoreRequest(Grouping(gridsize=1, nsamples=1000, seed=None))
    dataset = PtychoDataset(paths, request, folder / "store", rebuild=True)
    sampler = DistributedSampler(dataset, shuffle=True, seed=3)
    rows: list[tuple[int, int]] = []
    for fields, _, _ in DataLoader(dataset, batch_size=5, sampler=sampler):
        rows += zip(fields["experiment_id"].tolist(), fields["nn_indices"][:, 0].tolist(), strict=True)
    held: list[Any] = [None] * dist.get_world_size()
    dist.all_gather_object(held, {"build": dataset._build, "rows": rows})
    if dist.get_rank() == 0:
        (folder / "result.json").write_text(json.dumps(held))
    dist.destroy_process_group()


if __name__ == "__main__":
    main(sys.argv[1:-1], Path(sys.argv[-1]))
