"""`icw cite`: what it prints, and how it tells a snapshot's id from a command."""

from __future__ import annotations

import os
import subprocess
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dagster_project.cite_commands import DEFAULT_COMMAND, with_command
from tests.support.icw import ICW
from warehouse.citation import formats
from warehouse.citation.formats import FormatName
from warehouse.errors import UsageError
from warehouse.snapshots.catalog import Snapshot
from warehouse.snapshots.described import cited


def cite(snapshot: Snapshot, *arguments: str) -> subprocess.CompletedProcess[str]:
    home = snapshot.folder.parent.parent
    return subprocess.run(
        [ICW, "cite", *arguments],
        env=os.environ | {"ICW_HOME": str(home)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_the_snapshot_in_service_is_cited_as_text(real: Snapshot) -> None:
    done = cite(real)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == formats.render(cited(real), "text")


def test_options_stand_before_or_behind_the_id(synthetic: Snapshot) -> None:
    expected = formats.render(cited(synthetic), "bibtex")
    for arguments in (("synthetic-", "--format", "bibtex"), ("-f", "bibtex", synthetic.id)):
        done = cite(synthetic, *arguments)
        assert (done.returncode, done.stdout) == (0, expected)
        assert "SYNTHETIC" in done.stderr


def test_a_word_that_is_no_snapshot_gets_a_sentence(real: Snapshot) -> None:
    done = cite(real, "verifyy")
    assert done.returncode == UsageError.exit_code
    assert "There is no snapshot 'verifyy'" in done.stderr
    assert done.stdout == ""


def test_an_unknown_format_names_those_that_there_are(real: Snapshot) -> None:
    done = cite(real, "--format", "word")
    assert done.returncode == UsageError.exit_code
    assert all(name in done.stderr for name in get_args(FormatName))


@pytest.mark.parametrize("arguments", [["verify", "a.json"], ["--help"], ["verify"]])
def test_a_command_of_the_group_stays_one(arguments: list[str]) -> None:
    assert with_command(arguments, {"verify", "--help"}) == arguments


@given(st.lists(st.text()))
def test_all_else_is_for_the_default_command(arguments: list[str]) -> None:
    known = {"verify", "--help"}
    given_on = with_command(arguments, known)
    assert given_on[0] in known | {DEFAULT_COMMAND}
    assert given_on[-len(arguments) :] == arguments or not arguments
