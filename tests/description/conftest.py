from tests.support.cited_snapshots import either, real, synthetic

__all__ = ["either", "real", "synthetic"]
