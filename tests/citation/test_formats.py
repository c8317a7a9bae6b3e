"""Each citation file is valid by its own standard, names the same things, and says if the data is made up."""

from __future__ import annotations

import dataclasses
import json
from datetime import UTC, date, datetime
from pathlib import Path
from typing import get_args

import jsonschema
import pytest
import rispy
import yaml
from bibtexparser.entrypoint import parse_string
from datacite import schema45
from hypothesis import given
from hypothesis import strategies as st

from tests.support.cited_snapshots import PORTAL_DOI, REAL_DOIS
from warehouse.citation import formats
from warehouse.citation.formats import FORMATS, FormatName
from warehouse.citation.model import Citation, CitedCode, CitedLicense, CitedSource
from warehouse.snapshots.catalog import Snapshot
from warehouse.snapshots.cited import dois_in
from warehouse.snapshots.described import cited
from warehouse.snapshots.verification import verify_snapshot

SCHEMAS = Path(__file__).parent / "schemas"
COMMIT = "0123456789abcdef0123456789abcdef01234567"

texts = st.text(min_size=1).filter(str.strip)


def schema(name: str) -> jsonschema.Draft7Validator:
    content = json.loads((SCHEMAS / name).read_text(encoding="utf-8"))
    return jsonschema.Draft7Validator(content, format_checker=jsonschema.FormatChecker())


def require_valid(citation: Citation) -> None:
    """Hold each format against its schema or a parser that others wrote."""
    rendered = {name: formats.render(citation, name) for name in get_args(FormatName)}
    schema45.validator.validate(json.loads(rendered["datacite"]))
    schema("cff-1.2.0.json").validate(yaml.safe_load(rendered["cff"]))
    schema("csl-data.json").validate(json.loads(rendered["csl"]))
    expected = 1 + len(citation.sources) + len(citation.works)
    library = parse_string(rendered["bibtex"])
    assert not library.failed_blocks
    assert len(library.entries) == expected
    assert rendered["bibtex"].isascii()
    assert len(rispy.loads(rendered["ris"])) == expected


def example(text: str = "a source") -> Citation:
    source = CitedSource(
        id="idc",
        name=text,
        address="https://idc.example.org",
        version="25.0.5",
        accessed=date(2026, 11, 20),
        digest="a" * 64,
        synthetic=False,
        works=(),
    )
    return Citation(
        snapshot_id="20261129T000000Z-0123456789ab",
        created_at=datetime(2026, 11, 29, tzinfo=UTC),
        tables_digest="b" * 64,
        logical_digest=None,
        synthetic=False,
        code=CitedCode(version="0.1.0", commit=COMMIT, altered=False),
        sources=(source,),
        evidence=(),
        dataset_dois=("10.5281/zenodo.1",),
        licenses=(CitedLicense(id=text, name=text, url=None, commercial_use="terms must be read", note=None),),
    )


def test_every_format_of_a_snapshot_is_valid(either: Snapshot) -> None:
    require_valid(cited(either))


@given(texts)
def test_every_format_is_valid_whatever_an_upstream_calls_itself(text: str) -> None:
    require_valid(example(text.strip()))


def test_the_files_of_a_snapshot_are_what_is_rendered_from_it(either: Snapshot) -> None:
    again = formats.files(cited(either))
    assert again == {name: (either.folder / name).read_text(encoding="utf-8") for name in again}
    assert len(again) == 5


def test_the_files_are_verified_as_all_others_are(real: Snapshot) -> None:
    checked = {check.path.name: check.found for check in verify_snapshot(real)}
    names = {form.file for form in FORMATS.values() if form.file} | {"licences.json", "ro-crate-metadata.json"}
    assert {checked[name] for name in names} == {"sound"}
    assert set(checked.values()) == {"sound"}


@pytest.mark.parametrize("name", get_args(FormatName))
def test_every_format_names_the_snapshot_and_each_source(either: Snapshot, name: FormatName) -> None:
    citation = cited(either)
    text = formats.render(citation, name).replace("/", "-").replace("2026,\n", "2026,")
    assert citation.snapshot_id in text
    assert citation.tables_digest in text
    assert {source.version for source in citation.sources} == {"25.0.5", "2026-11-29-0a1b2c3d"}
    for source in citation.sources:
        assert source.version in text
    accessed = {
        "csl": '"accessed"',
        "ris": "Y2  - 2026-11-20",
    }
    assert accessed.get(name, "2026-11-20") in text
    assert "10.1148-rg.230180" in text


@pytest.mark.parametrize("name", get_args(FormatName))
def test_made_up_data_is_called_so_in_title_and_note_of_every_format(
    real: Snapshot, synthetic: Snapshot, name: FormatName
) -> None:
    said = formats.render(cited(synthetic), name)
    assert "SYNTHETIC: Imaging Commons Warehouse, snapshot synthetic-" in said
    assert "Nothing in it may be reported as a fact about any real collection" in said
    # The portal that was simulated, and not IDC, which was not.
    assert "MIDRC" in said
    assert "Data Commons (SYNTHETIC" not in said
    assert said.count("(SYNTHETIC stand-in)") >= 1
    assert "SYNTHETIC" not in formats.render(cited(real), name)


def test_datasets_are_related_by_doi_but_for_what_a_simulation_names(real: Snapshot, synthetic: Snapshot) -> None:
    assert cited(real).dataset_dois == tuple(sorted((*REAL_DOIS, PORTAL_DOI)))
    assert cited(synthetic).dataset_dois == tuple(sorted(REAL_DOIS))
    metadata = json.loads((synthetic.folder / "datacite.json").read_text(encoding="utf-8"))
    derived = [
        entry["relatedIdentifier"]
        for entry in metadata["relatedIdentifiers"]
        if entry["relationType"] == "IsDerivedFrom"
    ]
    assert derived == sorted(REAL_DOIS)


@given(st.lists(st.none() | texts))
def test_what_is_taken_for_a_doi_is_one(found: list[str | None]) -> None:
    dois = dois_in([*found, "doi:10.5281/Zenodo.7", "10.1002/(SICI)1097<1::AID>3.0;2-#", "x10.5281/zenodo.8"])
    assert {"10.5281/zenodo.7", "10.1002/(sici)1097<1::aid>3.0;2-#"} <= set(dois)
    assert "10.5281/zenodo.8" not in dois
    assert list(dois) == sorted({doi.lower() for doi in dois})
    assert all(doi.startswith("10.") and "/" in doi and not any(map(str.isspace, doi)) for doi in dois)


def test_a_revision_is_named_only_where_it_made_the_snapshot_as_it_is() -> None:
    clean = CitedCode(version="0.1.0", commit=COMMIT, altered=False)
    assert clean.swhid == f"swh:1:rev:{COMMIT}"
    for code in (
        dataclasses.replace(clean, altered=True),
        dataclasses.replace(clean, altered=None),
        dataclasses.replace(clean, commit=None, altered=None),
        dataclasses.replace(clean, commit="0123"),
    ):
        assert code.swhid is None
        citation = dataclasses.replace(example(), code=code)
        assert all("swh:1:rev" not in formats.render(citation, name) for name in get_args(FormatName))
    assert all(
        f"swh:1:rev:{COMMIT}" in formats.render(example(), name)
        for name in ("text", "bibtex", "csl", "ris", "cff", "datacite")
    )


def test_a_logical_digest_is_named_beside_that_of_the_bytes() -> None:
    citation = dataclasses.replace(example(), logical_digest="c" * 64)
    require_valid(citation)
    assert all("sha256:" + "c" * 64 in formats.render(citation, name) for name in get_args(FormatName))


def test_schemas_refuse_what_is_wrong() -> None:
    wrong = json.loads(formats.render(example(), "datacite")) | {"publicationYear": "soon"}
    assert not schema45.validator.is_valid(wrong)
    assert not schema("csl-data.json").is_valid([{"id": "a", "type": "dataset", "titel": "a"}])
    assert not schema("cff-1.2.0.json").is_valid({"cff-version": "1.2.0", "title": "a"})
