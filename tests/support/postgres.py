"""A Postgres of its own for a test: Debian's programs, a cluster in a temporary folder, a port on loopback."""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

import psycopg2
import pytest

PASSWORD = "s3cret/w@rd"


@dataclass
class Postgres:
    """A cluster with one user, `icw`; it can be stopped and started again."""

    folder: Path
    programs: Path
    port: int
    user: str | None
    _process: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    @property
    def url(self) -> str:
        return f"postgresql://icw:{quote(PASSWORD, safe='')}@127.0.0.1:{self.port}/postgres"

    def start(self) -> None:
        options = ["-c", "fsync=off", "-c", "listen_addresses=127.0.0.1", "-k", str(self.folder), "-p", str(self.port)]
        self._process = subprocess.Popen(
            [self.programs / "postgres", "-D", self.folder / "cluster", *options],
            user=self.user,
            cwd=self.folder,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        for _ in range(300):
            with contextlib.suppress(psycopg2.OperationalError):
                psycopg2.connect(self.url).close()
                return
            time.sleep(0.1)
        raise AssertionError("Postgres has not started.")

    def stop(self) -> None:
        if self._process is not None:
            self._process.send_signal(2)  # SIGINT: at once, without waiting for those who are connected
            self._process.wait(60)
            self._process = None


@contextlib.contextmanager
def running_postgres() -> Iterator[Postgres]:
    """Run a new cluster; skips the test where there is no Postgres."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    initdb = found[-1] if found else Path(shutil.which("initdb") or "")
    if not initdb.is_file():
        pytest.skip("There is no Postgres here (Debian's package `postgresql`).")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    # initdb refuses root; and only a folder outside pytest's own is open to another user.
    user = "nobody" if os.geteuid() == 0 else None
    folder = Path(tempfile.mkdtemp(prefix="icw-postgres-"))
    try:
        (folder / "password").write_text(PASSWORD)
        if user is not None:
            for path in (folder, folder / "password"):
                os.chown(path, pwd.getpwnam(user).pw_uid, -1)
        command = [initdb, "-D", folder / "cluster", "-U", "icw", "-A", "scram-sha-256", "--no-sync"]
        subprocess.run(
            [*command, f"--pwfile={folder / 'password'}"], user=user, cwd=folder, check=True, capture_output=True
        )
        postgres = Postgres(folder, initdb.parent, port, user)
        postgres.start()
        try:
            yield postgres
        finally:
            postgres.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
