"""Experiments of the Chaos Toolkit as stories: told, judged, and refused where they make no sense."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from harness.errors import CouldNotRunError, WrongInputError
from harness.nemesis.registry import find
from harness.nemesis.tests.sites import proxied_server
from harness.redis_server.choice import parse_choice
from harness.subjects.loading import load_subject
from harness.toxiproxy.server import open_toxiproxy
from scenarios.experiments.activities import heal, heal_all, inject, key_count, latency_ms, place_orders
from scenarios.experiments.place import PROXY, REDIS, TOXIPROXY, Place, opened
from scenarios.experiments.reading import story_of
from scenarios.experiments.telling import ExperimentTelling
from scenarios.storybook import tell

if TYPE_CHECKING:
    from verify.history.record import ExplorationRecord

EXAMPLE = Path(__file__).parents[2] / "examples" / "chaostoolkit" / "slow_network.json"


def example() -> dict[str, Any]:
    """Return the example, to be changed."""
    experiment: dict[str, Any] = json.loads(EXAMPLE.read_text("utf-8"))
    return experiment


def told(folder: Path, experiment: dict[str, Any], seed: int) -> ExplorationRecord:
    """Tell an experiment of the reference guard."""
    pytest.importorskip("chaoslib", reason="the extra `chaostoolkit` is not installed")
    path = folder / "experiment.json"
    path.write_text(json.dumps(experiment), "utf-8")
    return tell(ExperimentTelling(str(path)), folder, load_subject("reference"), parse_choice("embedded"), seed)


@pytest.mark.takes_long
def test_the_example_is_told(tmp_path: Path, seed: int) -> None:
    """Its fault leaves a witness, its steady state holds before and after, and all orders are answered."""
    record = told(tmp_path, example(), seed)
    assert record.exhausted
    assert record.hits == {"latency": {"anywhere": 1}}
    assert any(note.startswith("latency: ") and "ECHO" in note for note in record.notes)
    assert "experiment completed, 5 activities" in record.notes


def test_a_steady_state_that_is_not_met_shows_nothing(tmp_path: Path, seed: int) -> None:
    """Nothing is injected then, and the reason names the probe."""
    experiment = example()
    experiment["steady-state-hypothesis"]["probes"][0]["tolerance"]["range"] = [5000, 6000]
    record = told(tmp_path, experiment, seed)
    assert not record.exhausted
    assert "its steady state was not met before the method (a PING takes less than 150 ms)" in record.reason
    assert not record.hits


def test_an_activity_that_fails_shows_nothing(tmp_path: Path, seed: int) -> None:
    """The run goes on to its rollbacks, and the reason names the activity and what it raised."""
    experiment = example()
    del experiment["method"][0]
    record = told(tmp_path, experiment, seed)
    assert "'replies are quick again' failed" in record.reason
    assert "latency is not injected" in record.reason


@pytest.mark.takes_long
def test_what_an_experiment_leaves_injected_is_healed(tmp_path: Path, seed: int) -> None:
    """Without its last action and its rollbacks the fault is healed all the same."""
    experiment = example()
    del experiment["method"][-1], experiment["rollbacks"]
    del experiment["steady-state-hypothesis"]
    record = told(tmp_path, experiment, seed)
    assert record.exhausted
    assert record.hits == {"latency": {"anywhere": 1}}


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("x.txt", "", "ends in .json, .yaml or .yml"),
        ("x.json", "{", "no valid experiment"),
        ("x.yaml", "title: only\n", "no valid experiment"),
        ("gone.json", None, "no valid experiment"),
    ],
)
def test_a_file_that_is_no_experiment_is_refused(tmp_path: Path, name: str, text: str | None, said: str) -> None:
    """One line says what was expected."""
    pytest.importorskip("chaoslib", reason="the extra `chaostoolkit` is not installed")
    if text is not None:
        (tmp_path / name).write_text(text, "utf-8")
    with pytest.raises(WrongInputError, match=said):
        ExperimentTelling(str(tmp_path / name))


def test_a_fault_that_does_not_exist_is_refused() -> None:
    """Before anything is started."""
    experiment = example()
    experiment["method"][0]["provider"]["arguments"]["fault"] = "gremlins"
    with pytest.raises(WrongInputError, match="gremlins"):
        story_of(experiment)


def test_actions_act_on_the_site_that_is_open() -> None:
    """Injected, seen, refused a second time, healed with a witness, and healed only once."""
    with proxied_server() as site, opened(Place(site)):
        assert "ECHO" in inject("latency", milliseconds=60)
        slow = latency_ms()
        assert slow is not None
        assert slow >= 60
        with pytest.raises(WrongInputError, match="injected already"):
            inject("latency")
        with pytest.raises(WrongInputError, match="takes no speed"):
            inject("bandwidth", speed=1)
        assert "ECHO" in heal("latency")
        assert not site.the_proxy.toxics()
        with pytest.raises(WrongInputError, match="not injected"):
            heal("latency")
        with pytest.raises(CouldNotRunError, match="--from-experiment"):
            place_orders()


def test_a_configuration_describes_a_site() -> None:
    """Without a stage the experiment names a Toxiproxy, a proxy and a URL, and the last action heals what is left."""
    with proxied_server() as site, open_toxiproxy() as toxiproxy:
        proxy = toxiproxy.client.create(f"127.0.0.1:{site.own_server.port}", "redis")
        configuration = {
            TOXIPROXY: f"http://{toxiproxy.client.address}",
            PROXY: "redis",
            REDIS: f"redis://{proxy.listen}",
        }
        inject("latency", configuration=configuration, milliseconds=20)
        assert len(proxy.toxics()) == 1
        assert key_count(configuration) == 1
        assert heal_all(configuration) == ["latency"]
        assert not proxy.toxics()
        with pytest.raises(CouldNotRunError, match=f"lacks {TOXIPROXY}, {PROXY}, {REDIS}"):
            latency_ms({})


def test_the_stage_has_what_the_faults_need() -> None:
    """An experiment that promotes a replica is told on a stage that has one."""
    experiment = example()
    experiment["method"][0]["provider"]["arguments"] = {"fault": "replica_promotion"}
    story = story_of(experiment)
    assert story.kinds == (find("replica_promotion").name,)
    assert story.has_replica
