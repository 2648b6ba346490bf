"""Writes the published schemas anew."""

from conformance.files.atomic import written_whole
from conformance.report.schemas import FOLDER, PUBLISHED, text_of

for name in PUBLISHED:
    with written_whole(FOLDER / f"{name}.json") as stream:
        stream.write(text_of(name).encode())
