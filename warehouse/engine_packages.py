"""The packages of the engines that run the models in the place of DuckDB, and whether they are here."""

from __future__ import annotations

import importlib.metadata
import os
import shutil
from collections.abc import Mapping
from typing import Literal

from warehouse.errors import UsageError

Engine = Literal["spark", "sail"]

PACKAGES: Mapping[Engine, tuple[str, ...]] = {
    "spark": ("dbt-spark", "pyspark"),
    "sail": ("dbt-sail", "dbt-spark", "pysail", "pyspark"),
}
"""The packages that decide what an engine makes of the models, beside the project itself: those of the extra."""


def engine_versions(engine: Engine) -> dict[str, str]:
    """Return the versions of an engine's packages.

    Raises:
        UsageError: the engine cannot run here; the sentence says what it lacks.
    """
    try:
        versions = {name: importlib.metadata.version(name) for name in PACKAGES[engine]}
    except importlib.metadata.PackageNotFoundError as error:
        raise UsageError(
            f"The engine {engine} needs the package {error.name}, which is not installed here. Install the extra: "
            f"pip install 'imaging-commons-warehouse[{engine}]' (in a clone: make engines)."
        ) from error
    if engine == "spark" and shutil.which("java") is None and "JAVA_HOME" not in os.environ:
        raise UsageError(
            "The engine spark needs Java 17 or later, and there is no `java` here: install it (Debian: "
            "openjdk-17-jre-headless) or set JAVA_HOME. The engine sail needs none."
        )
    return versions
