"""A file while it is downloaded: the bytes so far, their digest, and its completion."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from types import TracebackType

from warehouse.files import writing_to

_PIECE = 1 << 20


class PartialFile:
    """`<target>.part`, opened for continuing: bytes that an earlier run left are kept and count in the digest.

    `size` is in bytes; `validator` is the upstream's strong ETag of these bytes, if it sent one; `pieced_together`
    means that the bytes come from more than one response. Use it as a context manager. The partial file stays on disk,
    for a later run to resume, until `complete` renames it to its target or `discard` removes it.
    """

    def __init__(self, target: Path) -> None:
        self.target = target
        self.path = target.with_name(target.name + ".part")
        self.size = 0
        self.validator: str | None = None
        self._digest = hashlib.sha256()
        with writing_to(self.path):
            self._file = self.path.open("a+b")
            self._file.seek(0)
            while piece := self._file.read(_PIECE):
                self._digest.update(piece)
                self.size += len(piece)
        self.pieced_together = self.size > 0

    @property
    def sha256(self) -> str:
        """SHA-256 (hex) over the bytes that have arrived."""
        return self._digest.hexdigest()

    def append(self, piece: bytes) -> None:
        """Add bytes at the end.

        Raises:
            StorageError: the disk is full or refuses the write.
        """
        with writing_to(self.path):
            self._file.write(piece)
            self._file.flush()
        self._digest.update(piece)
        self.size += len(piece)

    def restart(self) -> None:
        """Discard everything that has arrived."""
        with writing_to(self.path):
            self._file.truncate(0)
        self._digest = hashlib.sha256()
        self.size = 0
        self.pieced_together = False

    def complete(self) -> None:
        """Flush the file to disk and give it its own name."""
        with writing_to(self.path):
            os.fsync(self._file.fileno())
            self._file.close()
            os.replace(self.path, self.target)

    def discard(self) -> None:
        """Remove the file: its bytes are of no use."""
        with writing_to(self.path):
            self._file.close()
            self.path.unlink(missing_ok=True)

    def __enter__(self) -> PartialFile:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        # After a failed write, closing would try the same write again and hide the error that says why.
        try:
            self._file.close()
        except OSError:
            if error is None:
                raise
