"""Tests that know nothing of stormproof, with packages whose names it has too."""

from __future__ import annotations

import pytest
from harness.orders import order
from verify.keys import checked

from reports import line


def test_a_report_names_the_order() -> None:
    """The shop's own packages work together."""
    assert line(order(7)) == "order-7: BTCUSDT"


def test_an_empty_key_is_refused() -> None:
    """The shop's own checks are the ones that are imported."""
    with pytest.raises(ValueError, match="needs a key"):
        checked("")
