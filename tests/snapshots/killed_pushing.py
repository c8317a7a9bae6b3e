"""Publish a snapshot to a store again and again, each time in a process of its own (a fork) that somebody may kill.

Run with the folder of a home, the id of a snapshot and the address of the store, and the variables of AWS. For each
line on standard input a fork publishes the snapshot, as soon as its number was printed and one more line has come; then
the line `killed` or `through` follows, or `failed`.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

# Loaded once, before a fork; the client starts its threads when it is first used, in the fork.
import obstore  # noqa: F401

from warehouse.object_store.address import store_address
from warehouse.object_store.bucket import Bucket, Patience
from warehouse.snapshots.catalog import snapshot
from warehouse.snapshots.pushing import push


def main(home: Path, name: str, url: str) -> None:
    """Serve lines until there are no more."""
    found = snapshot(home, name)
    while sys.stdin.readline():
        ready, go = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(go)
            os.read(ready, 1)
            try:
                push(found, Bucket(store_address(url), Patience(retries=1, retry_wait_s=0.01)))
            except BaseException as error:
                print(repr(error), file=sys.stderr)
                os._exit(1)
            os._exit(0)
        os.close(ready)
        print(child, flush=True)
        sys.stdin.readline()
        os.write(go, b"!")
        os.close(go)
        status = os.waitpid(child, 0)[1]
        print("killed" if os.WIFSIGNALED(status) else "failed" if status else "through", flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], sys.argv[3])
