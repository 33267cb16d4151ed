"""Reads an experiment file of the Chaos Toolkit and makes a story of it. Runs nothing."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.errors import CouldNotRunError, WrongInputError
from harness.nemesis.registry import find
from harness.nemesis.site import Need
from scenarios.story import Category, Story

if TYPE_CHECKING:
    from collections.abc import Iterator

MODULE = "stormproof.chaostoolkit"
"""The module that an experiment names for our activities."""
LEASE_S = "stormproof_lease_s"
"""Name in the experiment's ``configuration``: seconds of a claim."""

_ENDINGS = {".json", ".yaml", ".yml"}


def load(path: str) -> dict[str, Any]:
    """Return the experiment in a file, checked as the Chaos Toolkit checks it.

    Raises:
        WrongInputError: The file cannot be read, or is no valid experiment.
        CouldNotRunError: The Chaos Toolkit's library is not installed.
    """
    if Path(path).suffix not in _ENDINGS:
        raise WrongInputError(f"--from-experiment {path}: expected a file that ends in .json, .yaml or .yml")
    try:
        from chaoslib.exceptions import ChaosException  # noqa: PLC0415 - the extra may be missing
        from chaoslib.experiment import ensure_experiment_is_valid  # noqa: PLC0415 - as above
        from chaoslib.loader import parse_experiment_from_file  # noqa: PLC0415 - as above
    except ImportError as error:
        raise CouldNotRunError(
            "--from-experiment needs the extra `chaostoolkit`: pip install 'stormproof[chaostoolkit]'"
        ) from error
    try:
        experiment: dict[str, Any] = parse_experiment_from_file(path)
        ensure_experiment_is_valid(experiment)
    except (OSError, ValueError, TypeError, AttributeError, ChaosException) as error:
        raise WrongInputError(f"--from-experiment {path}: it is no valid experiment: {error}") from error
    for activity in activities(experiment):
        if activity.get("background") and activity["provider"].get("module") == MODULE:
            raise WrongInputError(
                f"--from-experiment {path}: {activity['name']!r} is a background activity; ours run one by one"
            )
    return experiment


def activities(experiment: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield what the method and the rollbacks of an experiment do."""
    for part in ("method", "rollbacks"):
        yield from (activity for activity in experiment.get(part) or () if "provider" in activity)


def story_of(experiment: dict[str, Any]) -> Story:
    """Return the story that an experiment tells: its faults, and a stage that has what they need.

    Raises:
        WrongInputError: It names a fault that does not exist, or a lease that is none.
    """
    injected = [
        str(activity["provider"].get("arguments", {}).get("fault", ""))
        for activity in activities(experiment)
        if activity["provider"].get("module") == MODULE and activity["provider"].get("func") == "inject"
    ]
    faults = [find(name) for name in dict.fromkeys(injected)]
    needs = {need for fault in faults for need in fault.needs}
    lease_s = (experiment.get("configuration") or {}).get(LEASE_S, Story.__dataclass_fields__["lease_s"].default)
    if not isinstance(lease_s, int | float) or not lease_s > 0:
        raise WrongInputError(f"{LEASE_S} is {lease_s!r}; expected seconds above 0")
    return Story(
        name=f"experiment {re.sub(r'[^A-Za-z0-9]+', '-', str(experiment['title'])).strip('-').lower()}",
        category=Category.NETWORK,
        what=str(experiment.get("description", experiment["title"])),
        kinds=tuple(fault.name for fault in faults),
        catches=(),
        lease_s=float(lease_s),
        is_proxied=True,
        has_replica=Need.REPLICA in needs,
    )
