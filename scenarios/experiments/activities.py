"""The functions that an experiment file names: actions that inject and heal, actions of the workload, and probes.

All of them act on the place that is open, see :mod:`scenarios.experiments.place`. What one raises fails its activity.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from harness.errors import CouldNotRunError
from harness.probes.registry import ALL
from scenarios.experiments.place import here, leave

if TYPE_CHECKING:
    from collections.abc import Mapping

    from scenarios.stage import Stage


def inject(fault: str, at: str = "", configuration: Mapping[str, Any] | None = None, **arguments: Any) -> str:
    """Inject a fault of ``stormproof faults`` until it is healed; return what shows that it bit.

    Args:
        fault: Its name.
        at: The place where it is to strike; a word for the reader.
        configuration: The experiment's, given by the Chaos Toolkit.
        arguments: The fault's own.
    """
    return here(configuration).inject(fault, at=at, arguments=arguments)


def heal(fault: str, configuration: Mapping[str, Any] | None = None) -> str:
    """Heal a fault; return what showed that it bit. Without a witness the activity fails: nothing was shown."""
    return here(configuration).heal(fault)


def heal_all(configuration: Mapping[str, Any] | None = None) -> list[str]:
    """Heal whatever is injected; for rollbacks. Returns the names of the faults."""
    healed = here(configuration).heal_all()
    leave()
    return healed


def place_orders(count: int = 8, copies: int = 1) -> int:
    """Deliver new orders, each to so many workers, without waiting; return how many deliveries were made."""
    stage = _stage()
    names = stage.story.worker_names
    keys = stage.orders(count)
    for key in keys:
        for worker in stage.random.sample(names, min(copies, len(names))):
            stage.give(worker, key)
    return len(keys) * min(copies, len(names))


def wait_for_answers() -> int:
    """Wait until every delivery is answered; return how many answers there were in all."""
    stage = _stage()
    stage.until_idle()
    return len(stage.answers)


def latency_ms(configuration: Mapping[str, Any] | None = None) -> float | None:
    """Measure the probe ``latency_ms``."""
    return _measured("latency_ms", configuration)


def error_rate(configuration: Mapping[str, Any] | None = None) -> float | None:
    """Measure the probe ``error_rate``."""
    return _measured("error_rate", configuration)


def key_count(configuration: Mapping[str, Any] | None = None) -> float | None:
    """Measure the probe ``key_count``."""
    return _measured("key_count", configuration)


def book_growth(configuration: Mapping[str, Any] | None = None) -> float | None:
    """Measure the probe ``book_growth``."""
    return _measured("book_growth", configuration)


def _measured(name: str, configuration: Mapping[str, Any] | None) -> float | None:
    return ALL[name].measure(here(configuration).site)


def _stage() -> Stage:
    stage = here().stage
    if stage is None:
        raise CouldNotRunError(
            "Orders are placed by the workers of a story: run the experiment with `stormproof campaign "
            "--from-experiment FILE`."
        )
    return stage
