"""Benchmarks: `make bench`. Each figure is printed beside that of the usual alternative; nothing is asserted."""
