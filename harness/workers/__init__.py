"""Real worker processes: each runs somebody's guard, performs effects at the venue and reports what it did.

A worker reports before it acts and after, over a socket of the harness; whatever kills it, what it said stays said.
"""
