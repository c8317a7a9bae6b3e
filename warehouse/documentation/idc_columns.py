"""Which column of the star holds which column of the IDC index: a page for those who know idc-index or DICOM keywords.

What belongs here: the page `dbt/analyses/idc_columns.md`, made from the contract, the plans of the staging views and
the columns of the star. `python -m warehouse.documentation.idc_columns` writes it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from warehouse.build import DBT_PROJECT
from warehouse.build.lineage import datasets_of_tables, staged_columns
from warehouse.build.project import Project, project_with_empty_build
from warehouse.contracts import load_contract
from warehouse.dbt_manifest import STAR_SCHEMA, read_star_description
from warehouse.settings import load_settings

PAGE = DBT_PROJECT / "analyses" / "idc_columns.md"

_SOURCE = "idc"
_HEAD = """# Coming from idc-index

The columns of IDC's index artifacts (`idc-index` and `idc-index-data` name them after the DICOM keywords) and where the
star has them. Columns are cleaned on the way (blank text is null) and have units in their names. What has no place in
the star is in the landed file. Written by `python -m warehouse.documentation.idc_columns`.
"""


def page(project: Project) -> str:
    """Return the page for a project with its build of nothing, as Markdown.

    A column is in a table of the star that reads its dataset, under its name in staging.

    Raises:
        BuildFailed: the project cannot be read.
    """
    datasets = load_contract(_SOURCE).datasets
    staged = staged_columns(project.empty_build, [(_SOURCE, name) for name in datasets])
    reads = datasets_of_tables(project.manifest, STAR_SCHEMA)
    columns = {table.name: table.columns for table in read_star_description(project.manifest).tables}
    parts = [_HEAD]
    for name, dataset in datasets.items():
        tables = [
            table for table in sorted(columns) if (_SOURCE, name) in reads[table] and table[:4] in ("fct_", "dim_")
        ]
        rows = [
            f"| `{column.name}` | {', '.join(_places(column.name, staged[_SOURCE, name], tables, columns)) or '-'} |\n"
            for column in dataset.columns
        ]
        parts.append(f"## {name}\n\n| idc-index | here |\n|---|---|\n{''.join(rows)}")
    return "\n".join(parts)


def _places(
    upstream: str,
    staged: Mapping[str, frozenset[str]],
    tables: Iterable[str],
    columns: Mapping[str, Mapping[str, str]],
) -> list[str]:
    names = [name for name, read in staged.items() if upstream in read]
    return [f"`{table}.{name}`" for table in tables for name in names if name in columns[table]]


def main() -> None:
    """Write the page."""
    written: Path = PAGE
    written.write_text(page(project_with_empty_build(load_settings())), encoding="utf-8")


if __name__ == "__main__":
    main()
