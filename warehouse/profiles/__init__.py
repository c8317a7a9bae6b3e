"""Profiles: what is measured of landed datasets and published tables, in one form, so that a history is a union.

`figures` says what a figure is, `columns` and `patterns` what is measured of a column and a text, `measure` measures a
relation, and `store` keeps the profiles of landed releases. A profile describes and does not judge: that is for
`warehouse.quality`.
"""
