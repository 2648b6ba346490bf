"""The page through which one process watches another is read whole or not at all."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

from conformance.backends.pulse import Pulse

WRITES = """
import sys
from pathlib import Path
from conformance.backends.pulse import Pulse
pulse = Pulse(Path(sys.argv[1]))
print("begun", flush=True)
while True:
    for what in ("reassemble", "group"):
        pulse.beat(what, inside=what == "group")
"""


def test_a_sign_of_life_is_never_seen_half_written(tmp_path: Path) -> None:
    page = tmp_path / "page"
    pulse = Pulse(page)
    pulse.beat("group", inside=True)
    with subprocess.Popen([sys.executable, "-c", WRITES, str(page)], stdout=subprocess.PIPE) as writer:
        assert writer.stdout is not None
        writer.stdout.readline()
        try:
            until, seen = time.monotonic() + 1.0, set()
            while time.monotonic() < until:
                beat = pulse.last()
                assert beat.age < 60
                seen.add((beat.what, beat.inside))
        finally:
            writer.kill()
    assert seen == {("reassemble", False), ("group", True)}


def test_both_sides_may_write_in_turn(tmp_path: Path) -> None:
    here, there = (Pulse(tmp_path / "page") for _ in range(2))
    for number, (pulse, what) in enumerate([(here, "load"), (there, "group"), (there, "patches"), (here, "load")], 1):
        pulse.beat(what, inside=False)
        assert (here.last().number, here.last().what) == (there.last().number, there.last().what) == (number, what)
    here.close()
    there.close()
