"""Files that are written as a whole, or not at all. Loads without torch."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from uuid import uuid4


def write_atomically(file: Path, data: bytes) -> None:
    """Write a draft beside the file, which then takes its place.

    Raises:
        OSError: It cannot be written; what was there before is as it was.
    """
    draft = file.with_name(f".{uuid4().hex}.tmp")
    try:
        draft.write_bytes(data)
        draft.replace(file)
    finally:
        with suppress(OSError):
            draft.unlink()
