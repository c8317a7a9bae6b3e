"""Ctrl-C, SIGTERM and a terminal that closes: wherever they strike, the process ends at once, in one sentence.

Everything that a refresh writes is whole or not there, however its process ends. So nothing needs to be unwound, which
takes long where a library is at work and may end in a traceback: a thread of its own notes what was interrupted, ends
the processes that this one has started, and ends this one with 128 and the number of the signal, as shells expect.

Imports nothing that takes time: it is there before the rest is loaded.
"""

from __future__ import annotations

import contextlib
import os
import signal
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

# How long (seconds) the main thread waits for the end of the process once it was interrupted.
_PATIENCE_S = 30.0

_SHOW_CURSOR = "\x1b[?25h"

# Is told the signal, keeps what it stopped, and returns the sentence for the person. It runs while the main thread
# stands wherever it was struck, so it must not wait for a lock that that one may hold (an import, for example).
Note = Callable[[signal.Signals], str]


class Interrupts:
    """Ends the process when it is interrupted."""

    def __init__(self) -> None:
        self._note: Note = _nothing_to_note
        self._received = threading.Event()
        self._released = False
        # Standard error as it is now: while Dagster runs a step, the descriptor leads to a file.
        self._stderr = os.dup(2)
        self._read, self._write = os.pipe()
        os.set_blocking(self._write, False)

    def heed(self) -> None:
        """Begin to watch. A signal that the process was started to ignore (nohup) stays ignored."""
        threading.Thread(target=self._watch, name="interrupts", daemon=True).start()
        # Written to by the interpreter the moment a signal comes, whatever the main thread is doing, and whichever
        # handler a library has put in the place of this one.
        signal.set_wakeup_fd(self._write, warn_on_full_buffer=False)
        for number in _SIGNALS:
            if signal.getsignal(number) is not signal.SIG_IGN:
                signal.signal(number, self._handle)

    def release(self) -> None:
        """Give the signals back to Python, for a command that knows itself what an interrupt means."""
        self._released = True
        signal.set_wakeup_fd(-1)
        for number in _SIGNALS:
            if signal.getsignal(number) is not signal.SIG_IGN:
                signal.signal(number, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.default_int_handler)

    @contextlib.contextmanager
    def noting(self, note: Note) -> Iterator[None]:
        """Let `note` keep what an interrupt in the block stops."""
        before, self._note = self._note, note
        try:
            yield
        finally:
            self._note = before

    @contextlib.contextmanager
    def guarding(self) -> Iterator[None]:
        """Let nothing come of what an interrupt has thrown into the block: the process is about to end."""
        try:
            yield
        except BaseException as error:
            thrown = not isinstance(error, Exception | SystemExit | GeneratorExit)
            if not self._released and (thrown or self._received.is_set()):
                threading.Event().wait(_PATIENCE_S)
            raise

    def _handle(self, number: int, _: FrameType | None) -> None:
        # In the main thread, which goes no further: the other one ends the process.
        self._received.set()
        threading.Event().wait(_PATIENCE_S)
        raise KeyboardInterrupt

    def _watch(self) -> None:
        number = signal.Signals(os.read(self._read, 1)[0])
        while number not in _SIGNALS:
            number = signal.Signals(os.read(self._read, 1)[0])
        self._received.set()
        try:
            sentence = self._note(number)
        except Exception as error:
            sentence = f"Interrupted ({number.name}). That could not be noted: {error}"
        for child in _descendants(os.getpid()):
            with contextlib.suppress(OSError):
                os.kill(child, signal.SIGKILL)
        with contextlib.suppress(OSError):
            shown = f"{_SHOW_CURSOR}\r" if os.isatty(self._stderr) else ""
            os.write(self._stderr, f"{shown}icw: {sentence}\n".encode())
        os._exit(128 + number)


def _nothing_to_note(number: signal.Signals) -> str:
    return f"Interrupted ({number.name})."


def _descendants(pid: int) -> list[int]:
    """Return the processes that a process has started, and theirs; none where the system has no /proc."""
    found: list[int] = []
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        with contextlib.suppress(OSError):
            for child in map(int, task.read_text().split()):
                found += [child, *_descendants(child)]
    return found
