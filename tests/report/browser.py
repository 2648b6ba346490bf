"""A browser that looks at a page: whether it complains, and whether it has to be scrolled sideways."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
_MEASURE = "<script>document.title=`${document.documentElement.scrollWidth<=window.innerWidth}`</script></body>"


def is_shown_without_complaint(page: Path, folder: Path, width: int) -> bool:
    """Whether a page, which has no script, fits a window and draws no word on the console.

    Parameters
    ----------
    page : Path
    folder : Path
        Takes a copy that measures itself, and what the browser keeps.
    width : int
        Of the window in pixels.
    """
    text = page.read_text(encoding="utf-8")
    assert "</body>" in text
    (folder / "measured.html").write_text(text.replace("</body>", _MEASURE), encoding="utf-8")
    options = ("--headless", "--no-sandbox", "--disable-gpu", "--enable-logging=stderr", f"--window-size={width},900")
    done = subprocess.run(
        [str(BROWSER), *options, f"--user-data-dir={folder}", "--dump-dom", f"file://{folder}/measured.html"],
        capture_output=True,
        text=True,
        check=True,
    )
    return "CONSOLE" not in done.stderr and "<title>true</title>" in done.stdout
