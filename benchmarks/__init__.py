"""Speed as ratios of two things measured side by side in one run; never an assertion about wall time.

Absolute times vary fourfold with nothing but the placement of processes on cores. A ratio of two things that were
interleaved on one core is steady to a few percent, so only ratios have limits.
"""
