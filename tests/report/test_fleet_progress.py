"""The bar of a fleet grows by bytes: one large file among small ones is most of the work."""

from __future__ import annotations

import io
from pathlib import Path

from rich.console import Console
from rich.progress import Progress

from conformance.report.progress import FleetProgress
from conformance.runs.fleet_task import Done, FleetTask


def test_the_bar_grows_by_bytes_and_counts_files(tmp_path: Path) -> None:
    sizes = {"large.npz": 9000, "small.npz": 500, "other.npz": 500}
    for name, size in sizes.items():
        (tmp_path / name).write_bytes(bytes(size))
    tasks = [FleetTask("validate", (str(tmp_path / name),)) for name in sizes]
    tasks.append(FleetTask("validate", (str(tmp_path / "elsewhere.npz"),)))
    with Progress(console=Console(file=io.StringIO()), auto_refresh=False) as shown:
        listener = FleetProgress(shown, tasks, lambda done: done.exit_code > 0)
        bar = shown.tasks[0]
        assert bar.fields["said"] == "0/4"
        listener(Done(tasks[1], 0, {}))
        assert bar.percentage < 6
        listener(Done(tasks[0], 1, {}))
        assert 94 < bar.percentage < 96
        assert bar.fields["said"] == "2/4"
        assert "1 not fine" in bar.description
        listener(Done(tasks[3], 2, None, "absent"))
        listener(Done(tasks[2], 0, {}))
        assert bar.finished
