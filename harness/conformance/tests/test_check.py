"""``check(make)`` in somebody's own test: silent where the promise was kept, else loud with the smallest trial."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from harness.conformance import check
from harness.conformance.checking import NotKeptError
from harness.errors import CouldNotRunError, WrongInputError
from harness.explorer.tests.exploring import NEEDS_CLOCK
from harness.subjects.broken.get_then_set import make_twin as make_sound
from harness.subjects.broken.takeover_of_started import make as make_unsound

if TYPE_CHECKING:
    from pathlib import Path

CALM = ("crash_after", "effect_lost")


def test_sound_guard_passes() -> None:
    """Nothing is raised, and nothing is left behind."""
    check(make_sound, profile="dev", seed=1, kinds=CALM)


@NEEDS_CLOCK
def test_unsound_guard_fails_with_the_smallest_trial_and_the_seed() -> None:
    """The message is enough to see it again."""
    with pytest.raises(NotKeptError) as caught:
        check(make_unsound, seed=1)
    first, *orders, seed = str(caught.value).splitlines()
    assert "landed 2 times" in first
    assert orders[0].strip() == "begin(store='kept', kind='order', stranger='0')"
    assert any("crash_after" in order or "effect" in order for order in orders)
    assert seed == "seed 1, profile ci"
    with pytest.raises(NotKeptError, match=re.escape(orders[-1].strip())):
        check(make_unsound, seed=1)


def test_factory_that_cannot_be_loaded_anew_is_refused() -> None:
    """A closure lives in one module only, and would share what it closes over."""

    def make(_redis_url: str, _lease_s: float) -> Any:
        raise AssertionError("it is not called")

    with pytest.raises(WrongInputError, match="at the top of a module"):
        check(make)


def test_guard_that_the_gate_cannot_hold_is_not_passed(tmp_path: Path) -> None:
    """Unrun is never passed, and what is wrong is named."""
    guard = tmp_path / "guard.py"
    guard.write_text(
        "import os\n\n\ndef make(redis_url, lease_s):\n"
        "    def guard(key, payload, effect):\n"
        "        os.chdir('/')\n"
        "        return effect(payload)\n\n"
        "    return guard\n",
        "utf-8",
    )
    with pytest.raises(CouldNotRunError, match="the greenlet gate cannot hold that"):
        check(f"{guard}:make", profile="dev")
    with pytest.raises(WrongInputError, match="unknown profile 'weekly'"):
        check(f"{guard}:make", profile="weekly")
