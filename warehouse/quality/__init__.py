"""The audit between building and publishing: what is expected of the landed files and of the built star.

A suite (`suites`, one module each) measures its subject with DuckDB into a small profile; the engine (`engine`) has
Great Expectations evaluate the checks of the suite on it, and each check yields one verdict (`verdicts`). Expectations
of counts and values are data (`rules`, by subject), so that a new source adds rules and no code.

`audit` is the entry; it only reads. `record` keeps the verdicts of a build until the publish reads them. `assets`
relates verdicts to the datasets and tables that they judge. `history` and `acknowledgements` hold what is known from
before.
"""
