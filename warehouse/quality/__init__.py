"""The audit between building and publishing: what is expected of the landed files and of the built star.

How a judgement comes about: DuckDB measures (`profiles`), the measurements become small frames, Great
Expectations suites judge the frames (`suites`, `judging`), and each expectation yields one verdict
(`verdicts`). What is expected of values and of counts is data (`values`, `conservation`,
`null_limits.csv`), so that a new source adds entries and no machinery.

`audit` is the way in; it only reads. `record` keeps the verdicts of a build until the publish takes them over.
"""
