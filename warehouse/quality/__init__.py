"""The audit between building and publishing: what is expected of the landed files and of the built star.

A suite (`suites`, one module each) measures its subject with DuckDB into a small profile; the engine (`engine`) has
Great Expectations evaluate the checks of the suite on it, and each check yields one verdict (`verdicts`). Expectations
of counts and values are data (`rules`, by subject), so that a new source adds rules and no code.

`audit` is the entry; it only reads. A verdict has findings, one for each asset and scope that fails, with `examples`;
a suite that fails itself is a verdict too (`failing_suites`). `acknowledged` marks what is accepted, `incidents` keeps
what fails from night to night, and `explain` lists the records behind a finding. `record` keeps the verdicts of a build
until the publish reads them. `assets` relates verdicts to the datasets and tables that they judge. `history` holds what
is known of gaps from before.
"""
