"""The page of what ``check-redis`` looks at, made from the checks themselves. Asks no server."""

from __future__ import annotations

from typing import TYPE_CHECKING

from safety_core.runtime_checks.check import Promise
from safety_core.runtime_checks.checks.registry import ALL
from safety_core.runtime_checks.levels import Level
from stormproof.markdown import NOTE, joined, table
from stormproof.source_facts import members

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from safety_core.runtime_checks.check import Case, Check

_ABOUT = """\
`stormproof check-redis URL` asks a server in one round trip whether it is fit to hold claims. It sends INFO,
CONFIG GET and COMMAND INFO, and nothing else: no key, no setting and no script of the server is touched, and no
password is asked for. A server on this machine needs no permission; any other needs `--allow-target HOST:PORT`."""

_EXITS = """\
The worst level decides: exit code 0 for OK and WARNING, 1 for CRITICAL, 3 for UNKNOWN, also where the server does not
answer. CRITICAL outranks UNKNOWN."""

_SETTINGS = """\
`CONFIG SET` mends the running server, until it is started again. Write the same line into redis.conf, or run
`CONFIG REWRITE`. For `--durable --wait-replicas N` the server is measured against a guard that waits until each write
is fsynced and N replicas have it, as `GuardSettings(mode="durable", wait_replicas=N)` does. Each node of a cluster is
a server of its own."""

_IN_CODE = """\
The same checks run in an application, on startup and again after every reconnect:

```python
import redis

from safety_core.idempotency import SideEffectWrapper
from safety_core.runtime_checks import RedisRuntimeValidator

client = redis.Redis.from_url("redis://127.0.0.1:6379")
validator = RedisRuntimeValidator(client)
validator.validate_on_startup().require_safe()
guard = SideEffectWrapper(client, validator=validator)
```

`require_safe` raises where something is CRITICAL. A guard that was given the validator asks it about the server
behind every new connection. What is CRITICAL then is refused (`REFUSED_STORE_UNSAFE`) until it is mended. A guard
that has settings gives the validator the same: `RedisRuntimeValidator(client, expected=Expected(settings=...))`.
`on_report=` is called with every report, and what is not OK is logged."""

_IN_A_FILE = """\
What is asked of the server may stand in a YAML file, for this command (`--config FILE`) and for the application. A
key that is not known, and a value of another type, end with exit code 2. `--durable` and `--wait-replicas` outrank
the file."""

_FROM_A_FILE = """\
In the application:

```python
import redis

from safety_core.idempotency import SideEffectWrapper
from safety_core.runtime_checks import RedisRuntimeValidator, RedisSafetySection

client = redis.Redis.from_url("redis://127.0.0.1:6379")
asked = RedisSafetySection.from_file("config/config.yaml")
validator = RedisRuntimeValidator(client, expected=asked.expected, audit_folder=asked.audit_folder)
validator.validate_on_startup().require_safe()
guard = SideEffectWrapper(client, settings=asked.settings, validator=validator)
```

A relative `audit_folder` is looked for where the program was started. The look writes a file that has no name there,
and removes it."""

_METRIC = """\
With the extra `metrics`, what is flagged is a gauge for Prometheus:

```python
from safety_core.runtime_checks.metrics import SafetyMetric

validator = RedisRuntimeValidator(client, on_report=SafetyMetric().of("claims"))
```

`redis_safety_warning{store, check, level}` is 1 for each check and level that the latest look flags, else 0. Alert
where it is above 0. Without the extra, the same is in the log: one line for each finding, `redis_safety_warning` in
front."""

EXAMPLE = "examples/config/config.yaml"


def redis_checks_page(root: Path) -> str:
    """Return the page."""
    meanings = members(root / "safety_core/runtime_checks/levels.py", "Level")
    levels = [(f"`{level}`", meanings[level.name][1]) for level in Level]
    parts = ["# What check-redis looks at", NOTE, _ABOUT, table(("level", "meaning"), levels), _EXITS, _SETTINGS]
    example = (root / EXAMPLE).read_text(encoding="utf-8")
    parts += [_IN_CODE, "## In a file", _IN_A_FILE, f"```yaml\n{example}```", _FROM_A_FILE]
    parts += ["## As a metric", _METRIC, "## The checks"]
    for check in ALL:
        parts += [f"### {check.name}", f"{check.claim} Read from {check.reads}.", table(_HEAD, _rows(check))]
    return joined(parts)


_HEAD = ("level", "found", "endangers", "why", "to mend it")


def _rows(check: Check) -> Iterator[tuple[str, ...]]:
    for case in (*check.cases, *([check.unseen] if check.unseen is not None else [])):
        endangers = "" if case.endangers is Promise.NONE else str(case.endangers)
        yield (f"`{case.level}`", case.when, endangers, case.because, _mending(case))


def _mending(case: Case) -> str:
    line = f"`{case.config_set}`, in redis.conf `{case.setting}`" if case.setting else ""
    return "; ".join(part for part in (line, case.otherwise) if part)
