"""Faults of landed releases, one for each rule of the suites `integrity` and `validity`."""
