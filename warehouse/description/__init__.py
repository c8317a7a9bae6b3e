"""How a snapshot is described to programs: its tables, columns, keys, files and licences, in three standard forms.

`model` holds what is described; `data_package`, `croissant` and `ro_crate` write it; `licenses` counts the rows under
each licence. What is described is read from a snapshot by `warehouse.snapshots.described`: nothing in here looks at a
clock, so the same snapshot gives the same bytes.
"""
