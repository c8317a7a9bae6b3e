"""Build the image of the Containerfile, and run it: `python -m tests.container [BASE] [BUILD OPTION]...`, as root.

buildah builds it without a daemon; no registry is asked where BASE names an image that is here already. Then the
command of the image runs as its user, with its variables alone, in its files, read-only but for the home and /tmp, and
without privileges to gain: it publishes a snapshot of IDC and of made-up portals, and its health is asked. It takes
minutes, most of them to fetch packages.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
TAG = "localhost/icw:tested"

# With its arguments: the files of the image, the home, the user's number; then the program with its variables.
_CONTAINED = """
set -eu
root=$1 home=$2 user=$3
shift 3
mount --make-rprivate /
mount --bind "$root" "$root"
mount --bind "$home" "$root/home/icw/data"
mount --rbind /dev "$root/dev"
mount -t proc proc "$root/proc"
mount -t tmpfs tmpfs "$root/tmp"
mount --bind /etc/resolv.conf "$root/etc/resolv.conf"
mount -o remount,bind,ro "$root"
exec chroot "$root" setpriv --reuid="$user" --regid="$user" --clear-groups --no-new-privs --bounding-set=-all \
    env --ignore-environment --chdir=/opt/icw "$@"
"""


@dataclass(frozen=True)
class Image:
    """What an image says of how it is run."""

    variables: tuple[str, ...]
    user: str
    entry: tuple[str, ...]
    command: tuple[str, ...]
    health: tuple[str, ...]


def buildah(*arguments: str) -> str:
    """Run buildah and return what it prints."""
    environment = {"STORAGE_DRIVER": "vfs", "BUILDAH_ISOLATION": "chroot", **os.environ}
    done = subprocess.run(["buildah", *arguments], cwd=ROOT, env=environment, check=True, stdout=subprocess.PIPE)
    return done.stdout.decode().strip()


def built(base: str | None, options: list[str]) -> Image:
    """Build the image and return what it says of itself."""
    of_base = [] if base is None else ["--build-arg", f"BASE={base}"]
    # The format of OCI has no health check.
    buildah("build", "--format", "docker", *of_base, *options, "--tag", TAG, ".")
    config = json.loads(buildah("inspect", "--type", "image", TAG))["Docker"]["config"]
    return Image(
        variables=tuple(config["Env"]),
        user=config["User"],
        entry=tuple(config["Entrypoint"]),
        command=tuple(config["Cmd"]),
        health=tuple(config["Healthcheck"]["Test"][1:]),
    )


def main() -> None:
    """Build, run, and end with an error where any of it does."""
    image = built(sys.argv[1] if sys.argv[1:] else None, sys.argv[2:])
    container = buildah("from", TAG)
    try:
        root = Path(buildah("mount", container))
        of_user = (line.split(":") for line in (root / "etc" / "passwd").read_text(encoding="utf-8").splitlines())
        number = next(fields[2] for fields in of_user if fields[0] == image.user)
        with tempfile.TemporaryDirectory(prefix="icw-container-") as home:
            os.chown(home, int(number), int(number))
            made_up = ["ICW_SOURCES=sandbox", "ICW_SANDBOX_SCALE=0.001"]
            for command in ((*image.entry, *image.command), image.health):
                contained = ["sh", "-c", _CONTAINED, "sh", str(root), home, number, *image.variables, *made_up]
                isolated = ["unshare", "--mount", "--pid", "--fork", *contained, *command]
                subprocess.run(isolated, check=True)
    finally:
        buildah("rm", container)


if __name__ == "__main__":
    main()
