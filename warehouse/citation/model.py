"""What is cited: a snapshot, the code that made it, and every source with the works that it asks to cite."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

TITLE = "Imaging Commons Warehouse"
AUTHOR = "Imaging Commons Warehouse maintainers"
CODE_TITLE = "imaging-commons-warehouse"
CODE_LICENSE = "Apache-2.0"

SYNTHETIC_NOTE = (
    "SYNTHETIC: this snapshot holds made-up data from a simulated service. "
    "Nothing in it may be reported as a fact about any real collection."
)

_COMMIT = re.compile(r"[0-9a-f]{40}")
# What dim_license calls so is the identifier of SPDX; its others are of this project, or a source's own words.
_SPDX = re.compile(r"CC0-1\.0|CC-BY(-NC)?(-SA|-ND)?-\d\.\d")

CommercialUse = Literal["allowed", "not allowed", "terms must be read"]


@dataclass(frozen=True)
class Person:
    """An author, as a bibliography sorts them."""

    family: str
    given: str


@dataclass(frozen=True)
class Work:
    """A published work that a source asks to cite. `doi` is without the address of a resolver."""

    key: str
    authors: tuple[Person, ...]
    title: str
    journal: str
    year: int
    doi: str


@dataclass(frozen=True)
class CitedSource:
    """One source as the snapshot holds it.

    `accessed` is the day (UTC) on which its last dataset was fetched, `digest` the SHA-256 (hex) over what was landed.
    `address` is its home page; None where the snapshot does not say.
    """

    id: str
    name: str
    address: str | None
    version: str
    accessed: date
    digest: str
    synthetic: bool
    works: tuple[Work, ...]

    @property
    def title(self) -> str:
        """The name, and that it was simulated where it was."""
        return f"{self.name} (SYNTHETIC stand-in)" if self.synthetic else self.name


@dataclass(frozen=True)
class CitedCode:
    """The code that made the snapshot: the version of the package and, from a checkout, its commit."""

    version: str
    commit: str | None
    altered: bool | None

    @property
    def swhid(self) -> str | None:
        """The SWHID (ISO/IEC 18670) of the revision: None unless the very commit made the snapshot, unaltered."""
        if self.altered is not False or self.commit is None or not _COMMIT.fullmatch(self.commit):
            return None
        return f"swh:1:rev:{self.commit}"


@dataclass(frozen=True)
class CitedLicense:
    """A licence that rows of the snapshot state, with what it allows. `id` is as in dim_license."""

    id: str
    name: str
    url: str | None
    commercial_use: CommercialUse
    note: str | None

    @property
    def spdx(self) -> str | None:
        """The identifier of SPDX, where the licence has one."""
        return self.id if _SPDX.fullmatch(self.id) else None


@dataclass(frozen=True)
class Citation:
    """Everything that a citation of a snapshot names.

    `tables_digest` is the SHA-256 (hex) over the published tables; `logical_digest` that over their rows, None in
    snapshots that have none. `evidence` are the earlier releases that were read for what changed (`idc 24.2.2`): the
    tables do not describe them. `dataset_dois` are those of the collections and analysis results that the rows of real
    sources name, in lower case, each once, sorted; what a simulated service says is not among them.
    """

    snapshot_id: str
    created_at: datetime
    tables_digest: str
    logical_digest: str | None
    synthetic: bool
    code: CitedCode
    sources: tuple[CitedSource, ...]
    evidence: tuple[str, ...]
    dataset_dois: tuple[str, ...]
    licenses: tuple[CitedLicense, ...]

    @property
    def title(self) -> str:
        """The title, which says by itself if the data is made up."""
        return f"{'SYNTHETIC: ' if self.synthetic else ''}{TITLE}, snapshot {self.snapshot_id}"

    @property
    def published_on(self) -> date:
        """The day (UTC) on which the snapshot was made."""
        return self.created_at.date()

    @property
    def works(self) -> tuple[Work, ...]:
        """The works that its sources ask to cite, each once, in the order of the sources."""
        return tuple(dict.fromkeys(work for source in self.sources for work in source.works))

    @property
    def digests(self) -> tuple[tuple[str, str], ...]:
        """What identifies the tables beside the id: pairs (what it is, `sha256:` and the digest)."""
        tables = ("SHA-256 of the tables", f"sha256:{self.tables_digest}")
        if self.logical_digest is None:
            return (tables,)
        return (tables, ("logical digest of the tables", f"sha256:{self.logical_digest}"))

    @property
    def abstract(self) -> str:
        """What the snapshot is and is made of, in some sentences."""
        made_of = "; ".join(f"{source.title}, version {source.version}" for source in self.sources)
        read = f" Earlier releases read as evidence of changes: {', '.join(self.evidence)}." if self.evidence else ""
        about = (
            "Metadata of open medical-imaging platforms in one star schema: tables that describe collections, "
            f"patients, studies, series and files, not the images. Made of {made_of}.{read}"
        )
        return f"{SYNTHETIC_NOTE} {about}" if self.synthetic else about

    @property
    def note(self) -> str:
        """What a reader must know beside the title: made-up data, digests, the code and the terms."""
        digests = "; ".join(f"{name}: {digest}" for name, digest in self.digests)
        code = self.code.swhid or f"version {self.code.version}"
        parts = (f"{digests}.", f"Code: {CODE_TITLE}, {code}.", TERMS)
        return " ".join((SYNTHETIC_NOTE, *parts) if self.synthetic else parts)


TERMS = (
    "The rows keep the licences and data use agreements of their sources, which licences.json counts; "
    "cite the collections that are used, too."
)
