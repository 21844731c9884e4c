"""Tables as archives of NumPy: one array per name, whose first dimension counts the rows."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import IO, Any, cast

from whilec.diagnostics.model import Diagnostic, WhileError
from whilec.driver.batch.columns import Array, Column, Table
from whilec.driver.batch.problems import unreadable, wrong_columns, wrong_row

_HELP = "write the arrays with `numpy.savez(FILE, name=array)`"

_NOT_NUMPY = (ValueError, EOFError, SyntaxError, TypeError, OverflowError, KeyError, NotImplementedError)
"""What NumPy raises for files that it did not write."""


def read(path: str, ranks: Mapping[str, int]) -> Table:
    """The table in a file.

    Args:
        path: The file.
        ranks: How many dimensions each input of the program has; an array with just these is the same
            for all rows.

    Raises:
        WhileError: It cannot be read, its arrays differ in length, or they have NaN in a row.
    """
    found = {name: array for name, array in _load(path).items() if name}
    arrays: dict[str, Array] = {}
    lengths: dict[str, int] = {}
    problems: list[Diagnostic] = []
    for name, array in found.items():
        if array.dtype.kind not in "biuf":
            problems.append(wrong_columns(path, f"`{name}` holds {array.dtype}, not numbers", _HELP))
            continue
        if array.ndim == ranks.get(name, 0):
            array = array[None]
        else:
            lengths[name] = len(array)
        arrays[name] = array + 0 if array.dtype.kind == "b" else array
        problem = _not_finite(path, name, array)
        problems += () if problem is None else (problem,)
    if len(set(lengths.values())) > 1:
        counts = ", ".join(f"{length} in `{name}`" for name, length in lengths.items())
        problems.append(wrong_columns(path, f"the arrays have different numbers of rows: {counts}", _HELP))
    if problems:
        raise WhileError(*problems)
    return Table(path, next(iter(lengths.values()), 1), arrays)


def write(file: IO[bytes], columns: Iterable[Column]) -> None:
    """Write results as `numpy.savez` does; names may be any text."""
    from numpy.lib import format as npy

    with zipfile.ZipFile(file, "w", allowZip64=True) as archive:
        for column in columns:
            with archive.open(zipfile.ZipInfo(f"{column.name}.npy"), "w", force_zip64=True) as member:
                npy.write_array(cast("Any", member), column.array, allow_pickle=False)


def _load(path: str) -> dict[str, Array]:
    import numpy as np

    try:
        with Path(path).open("rb") as file:
            loaded: Any = np.load(file, allow_pickle=False)
            if isinstance(loaded, np.ndarray):
                raise unreadable(path, "it is one array, not an archive of named arrays", _HELP)
            return {name: loaded[name] for name in loaded.files}
    except _NOT_NUMPY as error:
        reason = "it is not an archive that NumPy wrote"
        if "pickle" in str(error):
            reason = "it is no archive of numbers, and pickled Python objects are never loaded"
        raise unreadable(path, reason, _HELP) from None
    except (zipfile.BadZipFile, zlib.error) as error:
        raise unreadable(path, f"the archive is damaged ({error})", _HELP) from None


def _not_finite(path: str, name: str, array: Array) -> Diagnostic | None:
    """The first row with NaN or an infinite number."""
    import numpy as np

    wrong = np.argwhere(~np.isfinite(array))
    if not len(wrong):
        return None
    index = tuple(map(int, wrong[0]))
    value, place = float(array[index]), f"{name}[{', '.join(map(str, index))}]"
    rows = len(np.unique(wrong[:, 0]))
    notes = (f"{rows} rows of `{name}` have such numbers",) if rows > 1 else ()
    return wrong_row(path, f"row {index[0] + 1}", f"`{place}` is {value}", *notes)
