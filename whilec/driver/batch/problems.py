"""What can be wrong with batch files; loads without torch."""

from __future__ import annotations

from whilec.diagnostics.model import Code, Diagnostic, Example, WhileError

_PROGRAM = "PROGRAM double(x: real) -> y: real\ny := x + x\n"

E0680 = Code(
    "E0680",
    "a batch file cannot be read",
    """
`--batch` reads a `.csv` file, whose first line names the columns, or an `.npz` file, which NumPy wrote with
`numpy.savez` and holds one array per input. The ending of the name says which. The file must exist, be a
regular file, and hold numbers: pickled Python objects are never loaded, because they could run any code.
""",
    Example(_PROGRAM, "run {file} --batch missing.csv --output out.csv"),
)

E0681 = Code(
    "E0681",
    "a row of a batch that cannot be used",
    """
Every row of a batch has one finite number for each column. An empty cell, a text, NaN, an infinite number,
or a row with more or fewer cells than the header has names is an error, and nothing is computed: a guess
would be a wrong result that nobody notices. Rows are counted from 1; the line of a `.csv` file is named too.
""",
    Example(_PROGRAM, ""),
)

E0682 = Code(
    "E0682",
    "the columns of a batch do not make inputs",
    """
A column has the name of an input, `x`, or of one element of an array, `a[0]` or `m[0,1]`. Indices count
from 0, and all elements of an array must be there, each once. In an `.npz` file the first dimension of an
array counts the rows, and all arrays have as many; one that lacks this dimension is the same for all rows.
""",
    Example(_PROGRAM, ""),
)

E0683 = Code(
    "E0683",
    "the results of a batch cannot be written",
    """
`--output` names a `.csv` or `.npz` file. The results are written into a new file beside it, which takes its
place when everything is done, so that an error, or Ctrl-C, leaves an older file as it was. The folder must
exist and be writable, and the output must be neither the batch nor the program itself.
""",
    Example(_PROGRAM, "run {file} --batch in.csv --output out.txt"),
)

W0652 = Code(
    "W0652",
    "results that are NaN",
    """
Some rows of the batch have NaN ("not a number") in an output or a derivative. It comes from `0 / 0`,
`inf - inf`, or a function outside of its domain, such as `log(-1)`; a row that has none is not touched by
those that do. The message names the first rows; `whilec run` of one of them, and `whilec trace`, show more.
""",
    Example("PROGRAM root(x: real) -> y: real\ny := sqrt(x)\n", ""),
)


def unreadable(path: str, reason: str, help_text: str = "check the name and the file") -> WhileError:
    """A batch file that cannot be read."""
    return WhileError(Diagnostic(E0680, f"`{path}` cannot be used as a batch: {reason}", help=help_text))


def wrong_columns(path: str, what: str, help_text: str) -> Diagnostic:
    """Columns that do not fit the program, or each other."""
    return Diagnostic(E0682, f"`{path}`: {what}", help=help_text)


def wrong_row(path: str, place: str, what: str, *notes: str) -> Diagnostic:
    """A row that has no number where one should be."""
    return Diagnostic(
        E0681, f"`{path}`, {place}: {what}", help="give a finite number in every column", notes=notes
    )


def unwritable(path: str, reason: str, help_text: str | None = None) -> WhileError:
    """An output that cannot be written."""
    return WhileError(Diagnostic(E0683, f"`{path}` cannot be written: {reason}", help=help_text))
