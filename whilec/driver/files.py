"""Files: the only place that reads programs and writes formatted ones."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from stat import S_ISFIFO

from whilec.diagnostics.model import Code, Diagnostic, Example, WhileError
from whilec.source import SourceFile

MAX_BYTES = 16 * 2**20
"""Program files up to this size are read."""

STANDARD_INPUT = "-"

E0670 = Code(
    "E0670",
    "a program file does not exist",
    """
There is no file of this name. Paths count from the current directory; `-` stands for standard input.
""",
    Example("", "check missing.while"),
)

E0671 = Code(
    "E0671",
    "a program file cannot be read",
    """
The file exists, but the operating system does not let it be read: its permissions forbid it, a part
of its path is not a directory, or a device failed. The message says what the system answered. A
named pipe (`mkfifo`) is not read, because nobody may ever write to it; `-`, which is standard input,
and a shell's `<(command)` are.
""",
    Example("", "check {file}/inside.while"),
)

E0672 = Code(
    "E0672",
    "a directory stands in the place of a program file",
    """
`whilec run`, `trace` and `explain` take one program file. `check`, `fmt` and `test` take directories
too, and then work on every `.while` file below them.
""",
    Example("", "run ."),
)

E0673 = Code(
    "E0673",
    "a program file is not UTF-8",
    """
Programs are text in UTF-8, of which ASCII is a part. The message names the byte that does not fit.
The file may be in an older encoding, such as Latin-1 or UTF-16; a text editor can save it as UTF-8.
Or it is no program at all.
""",
    Example("x0 := x1 + 1 // \udcff"),
)

E0674 = Code(
    "E0674",
    "a program file is too large",
    """
Programs of up to 16 MiB are read, thousands of times what people write. A larger file is most
likely not a program.
""",
    Example("", "check /dev/zero"),
)

E0675 = Code(
    "E0675",
    "a program file contains NUL characters",
    """
A text has no NUL characters (bytes of value 0), so this is not a program, or it was damaged, or it
is text in UTF-16: a text editor can save it as UTF-8.
""",
    Example("x0 := x1 + 1 // \0"),
)

E0676 = Code(
    "E0676",
    "a formatted program cannot be written",
    """
`whilec fmt` writes the formatted text into a new file beside the program, then puts it in the
program's place, so that nothing is lost if it fails. Here the system refused one of the two steps;
the program is as it was. The directory must be writable.
""",
    Example("", ""),
)


E0677 = Code(
    "E0677",
    "a path and a text of a program mixed up",
    """
`whilec.compile` and `whilec.run` take the path of a program file; `compile_source`, `run_source`,
`check_source` and `format_source` take the text of a program.
""",
    Example("", ""),
)


def load(path: str) -> SourceFile:
    """The program file at `path`; `-` is standard input.

    Raises:
        WhileError: It does not exist, cannot be read, or is not text.
    """
    if path == STANDARD_INPUT:
        return decode("<stdin>", _limited("<stdin>", _standard_input()))
    if ("\n" in path or ":=" in path) and not os.path.lexists(path):
        title = "the path of a program file is expected, and this is the text of a program"
        help_ = "functions with `_source` in their names take texts, such as `whilec.compile_source`"
        raise WhileError(Diagnostic(E0677, title, help=help_))
    try:
        if is_named_pipe(path):
            raise OSError("it is a named pipe, which may never end")
        with open(path, "rb") as file:  # noqa: PTH123 - a `Path` would change how `path` is spelled
            data = file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        raise WhileError(
            Diagnostic(E0670, f"there is no file `{path}`", help="check the name and the current directory")
        ) from None
    except IsADirectoryError:
        raise WhileError(
            Diagnostic(E0672, f"`{path}` is a directory", help="name a program file inside it")
        ) from None
    except ValueError as error:  # a NUL in the path
        raise WhileError(Diagnostic(E0671, f"`{path}` cannot be read: {error}")) from None
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise WhileError(
            Diagnostic(E0671, f"`{path}` cannot be read: {reason}", help="check the path and its permissions")
        ) from None
    return decode(path, _limited(path, data))


def source_of(text: str, name: str = "<input>") -> SourceFile:
    """A program given as text.

    Raises:
        TypeError: It is none.
        WhileError: It is the path of a file.
    """
    if not isinstance(text, str):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise TypeError(f"the text of a program is a str, not {type(text).__name__}")
    if text.endswith(".while") and "\n" not in text:
        title = f"`{text}` is the path of a file, not the text of a program"
        help_ = "functions without `_source` in their names take paths: `whilec.compile`, `whilec.run`"
        raise WhileError(Diagnostic(E0677, title, help=help_))
    return SourceFile(name, text)


def decode(name: str, data: bytes) -> SourceFile:
    """The bytes of a file as a named text; a byte order mark is dropped.

    Raises:
        WhileError: The bytes are not UTF-8 or contain NUL.
    """
    start = 3 if data.startswith(b"\xef\xbb\xbf") else 0
    zero = data.find(b"\0")
    if zero >= 0:
        raise WhileError(
            Diagnostic(
                E0675,
                f"`{name}` contains a NUL character, at {_byte_place(data, zero)}",
                help="save the program as plain text in UTF-8",
            )
        )
    try:
        text = data[start:].decode("utf-8")
    except UnicodeDecodeError as error:
        at = start + error.start
        raise WhileError(
            Diagnostic(
                E0673,
                f"`{name}` is not UTF-8: byte 0x{data[at]:02x} at {_byte_place(data, at)}",
                help="save the program as UTF-8",
                notes=(f"UTF-8 does not allow this byte here: {error.reason}",),
            )
        ) from None
    return SourceFile(name, text)


def write(path: str, text: str) -> None:
    """Put `text` in the place of the file at once; its permissions stay.

    A link stays a link: the file that it points to is replaced.

    Raises:
        WhileError: It cannot be written; the file is then as it was.
    """
    target = Path(path).resolve()
    draft = target.with_name(f".{target.name}.{os.getpid()}.tmp")
    try:
        try:
            mode = target.stat().st_mode & 0o7777
            with draft.open("xb") as file:
                file.write(text.encode("utf-8"))
                file.flush()
                os.fsync(file.fileno())
            draft.chmod(mode)
            draft.replace(target)
        finally:
            draft.unlink(missing_ok=True)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise WhileError(Diagnostic(E0676, f"`{path}` cannot be written: {reason}")) from None


def is_named_pipe(path: str) -> bool:
    """Whether opening the path may wait for a writer for ever.

    The pipes of `/dev` are those that a shell opened for this very process, `<(command)`.
    """
    return S_ISFIFO(os.stat(path).st_mode) and not path.startswith(("/dev/", "/proc/"))  # noqa: PTH116


def program_files(path: str) -> list[str]:
    """The path itself, or all `.while` files below it, sorted, where it is a directory."""
    folder = Path(path)
    if path == STANDARD_INPUT or not folder.is_dir():
        return [path]
    return sorted(str(file) for file in folder.rglob("*.while") if file.is_file())


def _standard_input() -> bytes:
    try:
        stream = sys.stdin
        if stream is None:  # pyright: ignore[reportUnnecessaryComparison] - so it is where a shell closed it
            raise OSError("it is closed")
        return stream.buffer.read(MAX_BYTES + 1)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise WhileError(Diagnostic(E0671, f"standard input cannot be read: {reason}")) from None


def _limited(name: str, data: bytes) -> bytes:
    if len(data) > MAX_BYTES:
        raise WhileError(
            Diagnostic(
                E0674,
                f"`{name}` is larger than {MAX_BYTES // 2**20} MiB",
                help="split the program, or check that this is the right file",
            )
        )
    return data


def _byte_place(data: bytes, offset: int) -> str:
    """Offset from 0 and line from 1 of a byte."""
    line = data.count(b"\n", 0, offset) + 1
    return f"offset {offset}, line {line}"
