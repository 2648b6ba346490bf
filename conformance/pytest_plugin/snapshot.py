"""Layout snapshots: a syrupy extension that keeps one readable file a test, because reviews read diffs."""

from __future__ import annotations

from typing import Any

try:
    from syrupy.extensions.single_file import SingleFileSnapshotExtension, WriteMode
except ModuleNotFoundError as error:
    raise ModuleNotFoundError(
        f"{error.name} is required by layout snapshots: pip install 'ptycho-conformance[snapshots]'", name=error.name
    ) from error


class LayoutSnapshotExtension(SingleFileSnapshotExtension):
    """Keeps layouts, as :func:`conformance.backends.layout.as_text` writes them, in ``*.layout`` files.

    The default serializer of syrupy leaves out memory order and elides values, so tensors never go through it: only
    text made by :mod:`conformance.backends.layout` is accepted.
    """

    _write_mode = WriteMode.TEXT
    file_extension = "layout"

    def serialize(self, data: Any, **_: Any) -> str:
        """Return the text as it is.

        Raises
        ------
        TypeError
            Something other than text is given.
        """
        if not isinstance(data, str):
            raise TypeError(f"a layout snapshot holds text of conformance.backends.layout, not {type(data).__name__}")
        return data
