"""The drift benchmark: seeded defects, one at a time, in otherwise good data, and nights on which nothing is wrong.

`python -m tests.bench drift` prints how many of them the audit finds, by which check, and its false alarms.
"""
