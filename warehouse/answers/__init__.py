"""Answers that can be cited: a query, its snapshot and its result, so recorded that anyone can compute it again.

This follows the recommendations of the Research Data Alliance for citing evolving data (DOI 10.15497/RDA00016), R3 to
R9 and R14: the query is normalised and stored, the answer is proven to be the only one, ordered and hashed, and the
record says how to cite it.
"""
