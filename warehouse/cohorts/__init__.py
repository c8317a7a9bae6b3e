"""Cohorts: queries that choose series or files, saved with what they chose, and compared between snapshots.

`record` is one saved cohort, `saving` makes it, `store` is where a home keeps them, `members` what one chooses in a
snapshot, and `difference` what is not the same in two.
"""
