"""The repository itself can be cited: its licence, its citation file and its metadata for Zenodo agree."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import jsonschema
import yaml

from warehouse.citation.model import AUTHOR, CODE_LICENSE, CODE_TITLE
from warehouse.citation.source_works import SOURCE_WORKS

ROOT = Path(__file__).resolve().parents[2]
SCHEMAS = Path(__file__).parent / "schemas"


def read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def schema(name: str) -> jsonschema.Draft7Validator:
    return jsonschema.Draft7Validator(json.loads((SCHEMAS / name).read_text(encoding="utf-8")))


def test_the_files_are_valid() -> None:
    schema("cff-1.2.0.json").validate(yaml.safe_load(read("CITATION.cff")))
    schema("zenodo.json").validate(json.loads(read(".zenodo.json")))


def test_the_files_agree_with_the_package() -> None:
    project = tomllib.loads(read("pyproject.toml"))["project"]
    cff, zenodo = yaml.safe_load(read("CITATION.cff")), json.loads(read(".zenodo.json"))
    assert project["name"] == cff["title"] == zenodo["title"] == CODE_TITLE
    assert project["version"] == cff["version"] == zenodo["version"]
    assert project["license"] == cff["license"] == zenodo["license"] == CODE_LICENSE
    assert cff["abstract"] == project["description"]
    assert [cff["authors"], zenodo["creators"]] == [[{"name": AUTHOR}]] * 2


def test_the_paper_of_idc_is_cited_as_snapshots_cite_it() -> None:
    (work,) = SOURCE_WORKS["idc"]
    (reference,) = yaml.safe_load(read("CITATION.cff"))["references"]
    assert (reference["doi"], reference["title"], reference["year"]) == (work.doi, work.title, work.year)
    named = [(person["family-names"], person["given-names"]) for person in reference["authors"]]
    assert named == [(person.family, person.given) for person in work.authors]


def test_the_licence_is_the_whole_text_of_apache_2() -> None:
    text = read("LICENSE")
    assert text.split()[:4] == ["Apache", "License", "Version", "2.0,"]
    assert "END OF TERMS AND CONDITIONS" in text
    assert [f"   {number}. " in text for number in range(1, 10)] == [True] * 9
