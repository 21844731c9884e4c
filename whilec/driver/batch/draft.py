"""An output file that takes its place when it is complete."""

from __future__ import annotations

import os
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from whilec.driver.batch.problems import unwritable


@contextmanager
def draft_of(path: str, kept: Sequence[str]) -> Generator[IO[bytes]]:
    """A file that takes the place of `path` at the end; after an error it is removed instead.

    A link stays a link: the file that it points to is replaced.

    Args:
        path: The output.
        kept: Files that it must not replace.

    Raises:
        WhileError: It cannot be written, or is one of those files.
    """
    target = Path(path).resolve()
    _check_target(path, target, kept)
    name = target.with_name(f".{target.name}.{os.getpid()}.tmp")
    try:
        with name.open("xb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        if target.exists():
            name.chmod(target.stat().st_mode & 0o7777)
        name.replace(target)
    except FileNotFoundError:
        raise unwritable(path, f"there is no folder `{Path(path).parent}`", "make the folder first") from None
    except OSError as error:
        raise unwritable(path, (error.strerror or str(error)).lower()) from None
    finally:
        name.unlink(missing_ok=True)


def _check_target(path: str, target: Path, kept: Sequence[str]) -> None:
    try:
        if target.exists() and not target.is_file():
            what = "a folder" if target.is_dir() else "no regular file"
            raise unwritable(path, f"it is {what}", "name a file")
        for other in kept:
            if target.exists() and Path(other).exists() and target.samefile(other):
                raise unwritable(path, f"it is `{other}`, which is read", "choose another name")
    except (OSError, ValueError) as error:
        raise unwritable(path, str(error)) from None
