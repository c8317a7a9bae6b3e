"""The synthetic population that a sandbox serves: the same records for the same scale and seed."""

from warehouse.sandbox.population.synthesis import prepare_population

__all__ = ["prepare_population"]
