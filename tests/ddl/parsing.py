"""The statements of a script as sqlglot reads them in the dialect of their engine: an unknown one is an error."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator
from dataclasses import dataclass

import sqlglot
from sqlglot import exp
from sqlglot.errors import ErrorLevel

from warehouse.ddl.script import Script


@dataclass(frozen=True)
class ParsedColumn:
    """A column as it is defined: its name in lower case, its type and its comment."""

    name: str
    type: exp.DataType
    comment: str


@dataclass(frozen=True)
class ParsedTable:
    """A table as it is defined, its name in lower case. `properties` are those of Athena and Spark."""

    name: str
    columns: tuple[ParsedColumn, ...]
    comment: str
    primary_key: tuple[str, ...]
    properties: dict[str, str]


@functools.cache
def parsed(script: Script) -> list[exp.Expr]:
    """Return every statement of the text of a script; a LOAD DATA is its definition and its load, in this order."""
    found: list[exp.Expr] = []
    for statement in sqlglot.parse(readable(script), read=script.engine, error_level=ErrorLevel.RAISE):
        assert statement is not None
        assert not list(statement.find_all(exp.Command)), statement.sql()[:300]
        found.append(statement)
    return found


def readable(script: Script) -> str:
    """Return the text of a script in the part of the language that sqlglot has.

    Of BigQuery it knows LOAD DATA without columns, and ALTER TABLE with one key: such a statement is written as two or
    more that mean the same, and nothing of it is left out.
    """
    if script.engine != "bigquery":
        return script.text
    text = re.sub(
        r"^load data overwrite (\S+) (\(\n.*?\n\))\n(from files)",
        r"create table \1 \2;\nload data overwrite \1\n\3",
        script.text,
        flags=re.MULTILINE | re.DOTALL,
    )
    return re.sub(r"^(alter table \S+)\n(add constraint .*?);$", _apart, text, flags=re.MULTILINE | re.DOTALL)


def _apart(match: re.Match[str]) -> str:
    return "".join(f"{match[1]}\n{key};\n" for key in match[2].split(",\n"))


@functools.cache
def tables(script: Script) -> dict[str, ParsedTable]:
    """Return the tables that a script defines by their names."""
    statements = parsed(script)
    described = dict(_set_descriptions(statements))
    found = [_table(statement) for statement in statements if _defines_a_table(statement)]
    return {
        table.name: ParsedTable(
            table.name,
            table.columns,
            described.get(table.name, table.comment),
            _added_key(statements, table.name) or table.primary_key,
            table.properties,
        )
        for table in found
    }


def foreign_keys(script: Script) -> set[tuple[str, str, str]]:
    """Return the foreign keys that a script declares: table, column, `parent.column`."""
    found: set[tuple[str, str, str]] = set()
    for statement in parsed(script):
        for key in statement.find_all(exp.ForeignKey):
            reference = key.args["reference"].this
            parent = f"{reference.this.name}.{reference.expressions[0].name}".lower()
            found.add((_name(statement), key.expressions[0].name.lower(), parent))
    return found


def _defines_a_table(statement: exp.Expr) -> bool:
    return isinstance(statement, exp.Create) and statement.args["kind"] == "TABLE"


def _table(statement: exp.Expr) -> ParsedTable:
    comment = statement.find(exp.SchemaCommentProperty)
    key = statement.find(exp.PrimaryKey, exp.Order)
    named = [] if key is None else [name.name.lower() for name in key.find_all(exp.Identifier)]
    stated = statement.args.get("properties")
    properties = {
        item.name: item.args["value"].name
        for item in ([] if stated is None else stated.expressions)
        if type(item) is exp.Property
    }
    return ParsedTable(
        name=_name(statement),
        columns=tuple(map(_column, statement.find_all(exp.ColumnDef))),
        comment="" if comment is None else comment.this.name,
        primary_key=tuple(named or properties.get("primary_key", "").split(", ")),
        properties=properties,
    )


def _column(column: exp.ColumnDef) -> ParsedColumn:
    comment = column.find(exp.CommentColumnConstraint)
    text = comment.this.name if comment is not None else _option(column)
    return ParsedColumn(column.name.lower(), column.args["kind"], text)


def _option(expression: exp.Expr) -> str:
    return next(item.args["value"].name for item in expression.find_all(exp.Property) if item.name == "description")


def _set_descriptions(statements: list[exp.Expr]) -> Iterator[tuple[str, str]]:
    for statement in statements:
        if isinstance(statement, exp.Alter) and statement.find(exp.AlterSet):
            yield _name(statement), _option(statement)


def _added_key(statements: list[exp.Expr], table: str) -> tuple[str, ...]:
    for statement in statements:
        key = statement.find(exp.PrimaryKey)
        if isinstance(statement, exp.Alter) and key is not None and _name(statement) == table:
            return tuple(column.name.lower() for column in key.expressions)
    return ()


def _name(statement: exp.Expr) -> str:
    table = statement.find(exp.Table)
    assert table is not None
    return table.name.lower()
