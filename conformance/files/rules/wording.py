"""Numbers in sentences."""

from __future__ import annotations

from collections.abc import Iterable

_MOST = 8


def listed(indices: Iterable[int]) -> str:
    """Return indices in words: runs are shortened, and after the first few it says how many more there are."""
    runs = _runs([int(one) for one in indices])
    said = [str(first) if first == last else f"{first} to {last}" for first, last in runs[:_MOST]]
    return ", ".join(said) + (f" and {len(runs) - _MOST} more" if len(runs) > _MOST else "")


def _runs(indices: list[int]) -> list[tuple[int, int]]:
    runs: list[tuple[int, int]] = []
    for one in indices:
        if runs and one == runs[-1][1] + 1:
            runs[-1] = (runs[-1][0], one)
        else:
            runs.append((one, one))
    return [part for run in runs for part in ([run] if run[1] - run[0] != 1 else [(run[0],) * 2, (run[1],) * 2])]


def unpaired(points: int, frames: int) -> str:
    """Say that there are other numbers of positions and frames, and what may have made them so.

    Parameters
    ----------
    points : int
        Rows of the positions.
    frames : int
        Frames.
    """
    said = f"{points} positions for {frames} frames"
    if frames > 1 and points > frames and points % frames == 0:
        many = points // frames
        return (
            f"{said}, {many} to a frame: were they read {many} times during each exposure? Then take their mean: "
            f"positions.reshape({frames}, {many}, -1).mean(axis=1)"
        )
    if points > 1 and frames > points and frames % points == 0:
        many = frames // points
        return (
            f"{said}, {many} frames to a point: were several exposures made at each? Then repeat each position "
            f"{many} times, or sum up its frames"
        )
    return said


def raster_of(rows: int, columns: int) -> str:
    """Say how the positions of a raster are written where its step is all that is known.

    Parameters
    ----------
    rows, columns : int
        Points of the raster.
    """
    return (
        f"its frames are a raster of {rows} x {columns} points; where its step is all that is known, write positions "
        f"of it: numpy.savetxt('positions.csv', STEP * numpy.indices(({rows}, {columns})).reshape(2, -1).T[:, ::-1], "
        "delimiter=',', header='x_um,y_um', comments=''), with the step in micrometres"
    )


def stored_anew(name: str) -> str:
    """Say that only unpickling could read an array, and how whoever made it stores it as numbers.

    Parameters
    ----------
    name : str
        Member of an archive; empty for a file of one array.
    """
    if name:
        anew = f'held[{name!r}] = numpy.array(held[{name!r}].tolist()); numpy.savez("NEW.npz", **held)'
        anew = f'held = dict(numpy.load("FILE", allow_pickle=True)); {anew}'
    else:
        anew = (
            'held = numpy.load("FILE", allow_pickle=True).tolist(); numpy.savez("NEW.npz", **held) if it is a '
            'dictionary, else numpy.save("NEW.npy", numpy.array(held))'
        )
    return f"only unpickling could read, which runs what the file says. Where you made the file yourself: {anew}"


def pixels(places: Iterable[Iterable[int]]) -> str:
    """Return pixels as (row, column), the first few."""
    said = [f"({', '.join(str(int(n)) for n in place)})" for place in places]
    return ", ".join(said[:_MOST]) + (f" and {len(said) - _MOST} more" if len(said) > _MOST else "")
