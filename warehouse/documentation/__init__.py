"""Documentation that is made from a snapshot and the dbt project."""

from warehouse.documentation.dbt_docs import write_documentation

__all__ = ["write_documentation"]
