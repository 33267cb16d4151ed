"""Whether a guard does what a guard must, asked from anybody's own test: ``check(make)``.

What draws the trials is Hypothesis, which the extra `properties` brings; it is imported when it is needed.
"""

from __future__ import annotations

from harness.conformance.checking import check

__all__ = ["check"]
