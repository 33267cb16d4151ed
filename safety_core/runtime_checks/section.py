"""The section `redis_safety` of a configuration file: what the guard is told, and what its Redis is measured against.

One place for both, so that a server is never judged by another retention than the guard keeps.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, final

from safety_core.configuration import read_section, read_yaml
from safety_core.idempotency.errors import SettingsError
from safety_core.idempotency.settings import GuardSettings, Mode

from .expected import RECORD_BYTES, Expected

if TYPE_CHECKING:
    from os import PathLike

NAME = "redis_safety"

_MIB = 1024 * 1024


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class RedisSafetySection:
    """What may stand below `redis_safety:`.

    Attributes:
        namespace: First part of every key of the guard.
        ttl_seconds: How long the guard remembers an effect.
        redelivered_within_s: Seconds after its first delivery within which a job may be delivered again. None: not
            known, not compared with `ttl_seconds`.
        mode: `strict`, `fast` or `durable`, see GuardSettings.
        wait_replicas: Replicas that a durable guard waits for.
        memory_budget_mb: MiB that the server may use. None: its own limit alone counts.
        headroom: Part of the memory limit that must be free.
        records_per_s: New records per second. None: not known, not checked.
        record_bytes: Bytes of memory per record.
        accepted_eviction_policies: Policies that drop records and are put up with: WARNING, and never OK.
        max_lag_s: Seconds since a replica's last word after which it does not count.
        audit_folder: Folder that must exist and take files. None: not looked at.
    """

    namespace: str = "idempotency"
    ttl_seconds: float = 259200.0
    redelivered_within_s: float | None = None
    mode: str = Mode.STRICT.value
    wait_replicas: int = 0
    memory_budget_mb: float | None = None
    headroom: float = 0.2
    records_per_s: float | None = None
    record_bytes: int = RECORD_BYTES
    accepted_eviction_policies: tuple[str, ...] = ()
    max_lag_s: float = 10.0
    audit_folder: str | None = None

    def __post_init__(self) -> None:
        """Check every range.

        Raises:
            SettingsError: A value is out of range; the message names its key.
        """
        for name in ("ttl_seconds", "memory_budget_mb"):
            value = getattr(self, name)
            # Ten years; and as many MiB as no machine has.
            if value is not None and not 0 < value <= 315_360_000:  # noqa: PLR2004 - said above
                raise SettingsError(f"{name} is {value!r}; expected a number above 0, at most 315360000")
        if self.wait_replicas and self.mode != Mode.DURABLE:
            raise SettingsError(f"wait_replicas is {self.wait_replicas}; only a guard with mode: durable waits")
        if self.audit_folder == "":
            raise SettingsError("audit_folder is ''; expected a folder, or no such key")
        _ = self.expected

    @classmethod
    def from_file(cls, path: str | PathLike[str]) -> RedisSafetySection:
        """Read the section from a YAML file; without one every key has its default.

        Raises:
            ConfigError: The file or the section cannot be used.
        """
        return read_section(cls, NAME, read_yaml(path), source=str(path))

    @property
    def settings(self) -> GuardSettings:
        """Settings of the guard."""
        return GuardSettings(
            mode=self.mode,  # type: ignore[arg-type]  # a string is accepted
            namespace=self.namespace,
            retention_s=self.ttl_seconds,
            wait_replicas=self.wait_replicas,
        )

    @property
    def expected(self) -> Expected:
        """What the server is measured against."""
        budget = self.memory_budget_mb
        return Expected(
            settings=self.settings,
            headroom=self.headroom,
            max_lag_s=self.max_lag_s,
            records_per_s=self.records_per_s,
            record_bytes=self.record_bytes,
            budget_bytes=None if budget is None else round(budget * _MIB),
            redelivered_within_s=self.redelivered_within_s,
            accepted_policies=self.accepted_eviction_policies,
        )
