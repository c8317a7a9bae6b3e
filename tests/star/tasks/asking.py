"""Ask as people do: a published snapshot by `icw sql`, IDC by its own client, a landing by its Parquet files."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from tests.support.environments import IDC_CLIENT, python_with
from tests.support.icw import ICW
from warehouse.landing import Landing, Release
from warehouse.snapshots.catalog import Snapshot

Rows = list[tuple[object, ...]]


def icw_sql(snapshot: Snapshot, question: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run `icw sql` on a snapshot, as a process of its own."""
    return subprocess.run(
        [ICW, "sql", "--snapshot", snapshot.id, *arguments, question],
        env=os.environ | {"ICW_HOME": str(snapshot.folder.parent.parent)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def answer(snapshot: Snapshot, question: str, *arguments: str) -> Rows:
    """Return the rows with which a snapshot answers a question."""
    done = icw_sql(snapshot, question, "--json", *arguments)
    assert done.returncode == 0, done.stderr
    return [tuple(row.values()) for row in json.loads(done.stdout)]


def landed(landing: Landing, release: Release, dataset: str) -> pl.DataFrame:
    """Return the landed records of a dataset, as upstream wrote them."""
    load = release.load_of(dataset)
    assert load is not None
    (entry,) = (entry for entry in load.objects if entry.name == f"{dataset}.parquet")
    return pl.read_parquet(landing.object_path(entry.sha256))


@dataclass(frozen=True)
class ClientAnswers:
    """What the idc-index client says: the rows of each question, its index, and what it would download."""

    rows: Mapping[str, Rows]
    index: Path
    manifest: tuple[str, ...]
    size_mb: float


def ask_client(questions: Mapping[str, str], collection: str, folder: Path) -> ClientAnswers:
    """Ask the idc-index client in SQL, and for the download of a collection into `folder`."""
    script = Path(__file__).with_name("ask_client.py")
    done = subprocess.run(
        [python_with(IDC_CLIENT), script, folder, collection],
        input=json.dumps(dict(questions)),
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    return ClientAnswers(
        rows={name: [tuple(row) for row in rows] for name, rows in said["rows"].items()},
        index=folder / "index.parquet",
        manifest=tuple((folder / "manifest.s5cmd").read_text(encoding="utf-8").splitlines()),
        size_mb=said["size_mb"],
    )
