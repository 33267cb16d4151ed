"""Where there is no engine: one line that says what was expected, nothing in its place, nothing left behind."""

from __future__ import annotations

import importlib.util

import pytest

from harness.containers.engine import Engine
from harness.containers.errors import ContainersUnavailableError


def _said() -> str:
    with pytest.raises(ContainersUnavailableError) as caught:
        Engine()
    assert caught.value.exit_code == 3
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_an_engine_on_another_machine_is_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    """It would publish ports on a loopback that is not ours."""
    monkeypatch.setenv("DOCKER_HOST", "tcp://192.0.2.1:2375")
    assert "expected an engine of this machine" in _said()


@pytest.mark.parametrize("missing", ["testcontainers", "docker"])
def test_without_the_extra_its_name_is_told(missing: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The packages are optional."""
    there = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == missing else there(name))
    assert f"expected the package {missing}, found none. Run `pip install 'stormproof[containers]'`" in _said()
