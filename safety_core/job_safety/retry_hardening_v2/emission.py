"""What a detector says when it finds something, and how it is passed on.

The receiver is a callable, so that log, metric, event and webhook hooks can take it. An alert is told once while it
lasts; what a receiver raises is logged and goes no further.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias, final

logger = logging.getLogger("safety_core.job_safety")
logger.addHandler(logging.NullHandler())


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class RetryAlert:
    """One finding of a detector.

    Attributes:
        kind: What was found, as `spike` or `low_success`.
        severity: `Critical`, `Warning` or `Info`.
        job_type: Which jobs; empty for all of them.
        at_s: When, by the clock of the detector, in seconds.
        message: One sentence for people. Holds no payload.
        figures: The numbers that it rests on, by name.
        suppressed: How often it was found again since it was told last.
    """

    kind: str
    severity: str
    job_type: str
    at_s: float
    message: str
    figures: Mapping[str, float] = field(default_factory=dict)
    suppressed: int = 0


OnAlert: TypeAlias = Callable[[RetryAlert], object]
"""Takes an alert. It should return at once: the detector waits for it."""


def emit(on_alert: OnAlert | None, alert: RetryAlert) -> None:
    """Log an alert and pass it on."""
    logger.warning(
        "retry alert %s for %s: %s",
        alert.kind,
        alert.job_type or "all jobs",
        alert.message,
        extra={
            "retry_alert": alert.kind,
            "retry_alert_severity": alert.severity,
            "retry_job_type": alert.job_type,
            "retry_alert_figures": dict(alert.figures),
            "retry_alert_suppressed": alert.suppressed,
        },
    )
    if on_alert is None:
        return
    try:
        on_alert(alert)
    except Exception:
        logger.exception("the receiver of alerts failed for %s; the alert stands in this log", alert.kind)
