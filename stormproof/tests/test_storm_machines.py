"""A storm of several machines: on loopback one leads and two join, one is lost, and the run says so."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import tomllib
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import typer
import yaml

from harness.errors import CouldNotRunError
from harness.processes.family import descendants
from harness.redis_server.port import free_port
from harness.storm.gang import Gang
from harness.storm.hub import Hub
from harness.storm.inject import parse_inject
from harness.storm.plan import StormPlan
from harness.workers.messages import Lines, receive, send
from stormproof.cli import app
from stormproof.documents import ROOT
from stormproof.tests.running import TIME_LIMIT_S, start, wait_for

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Iterator

EXAMPLES = ROOT / "examples" / "storm"
_bases = count(0)


def base_port() -> int:
    """Return the first of four ports that nothing listens on."""
    while True:
        port = free_port() - 4 * next(_bases)
        if all(_is_free(port + at) for at in range(4)):
            return port


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0


class Storm:
    """One master and two workers, each a command of its own."""

    def __init__(self, folder: Path, *words: str) -> None:
        self.part = folder / "run" / "parts" / "storm"
        port = ("--port", str(base_port()))
        self.master = start(folder, "storm", "--master", *port, "--processes", "2", "--out", "run", *words)
        joining = ("storm", "--worker", "--master-host", "127.0.0.1", *port, "--processes", "1")
        self.workers = [start(folder, *joining) for _ in range(2)]
        status = self.part / "workers" / "status.jsonl"
        wait_for(lambda: status.exists() and '"running"' in status.read_text("utf-8"))

    def end(self) -> str:
        """Wait for all of them and return what the master said."""
        out, err = self.master.communicate(timeout=TIME_LIMIT_S)
        for worker in self.workers:
            worker.communicate(timeout=TIME_LIMIT_S)
        return out + err

    @property
    def record(self) -> dict[str, Any]:
        """What the storm says of itself."""
        stored: dict[str, Any] = json.loads((self.part / "exploration.json").read_text("utf-8"))
        return stored


@pytest.fixture
def started() -> Iterator[list[subprocess.Popen[str]]]:
    """Collect what is started, and leave none of it behind."""
    processes: list[subprocess.Popen[str]] = []
    yield processes
    for process in processes:
        process.kill()
        process.wait()


@pytest.mark.takes_long
def test_a_killed_worker_process_is_told_and_the_others_go_on(
    tmp_path: Path, started: list[subprocess.Popen[str]]
) -> None:
    """What it had written is handed in by its machine and judged; its users go to the other one."""
    storm = Storm(tmp_path, "--seconds", "8")
    started += [storm.master, *storm.workers]
    (victim, *_) = [pid for pid in descendants(storm.workers[0].pid) if _is_locust(pid)]
    os.kill(victim, signal.SIGKILL)
    said = storm.end()
    assert [process.returncode for process in (storm.master, *storm.workers)] == [0, 0, 0], said
    notes = storm.record["notes"]
    assert any("was ended by signal SIGKILL, which nothing here has sent" in note for note in notes), notes
    assert sum("took part; its clock is ours" in note for note in notes) == 2


@pytest.mark.takes_long
def test_a_lost_machine_is_told_and_nothing_is_shown(tmp_path: Path, started: list[subprocess.Popen[str]]) -> None:
    """Its record is gone with it: the storm names it, and is never VALID."""
    storm = Storm(tmp_path, "--seconds", "6")
    started += [storm.master, *storm.workers]
    storm.workers[1].kill()
    said = storm.end()
    assert storm.master.returncode == 3, said
    assert storm.workers[0].returncode == 0
    assert "was lost with its record before it had handed it in" in storm.record["reason"]


def _is_locust(pid: int) -> bool:
    return b"harness.storm.locust_process" in Path("/proc", str(pid), "cmdline").read_bytes()


def test_nobody_hands_in_a_file_elsewhere(tmp_path: Path) -> None:
    """A machine that names another place than a bucket is not listened to any more."""
    port = base_port()
    leader = Gang(tmp_path, "127.0.0.1", port + 3)
    with (
        leader,
        Hub(leader, "127.0.0.1", port, locust_port=port + 3),
        socket.create_connection(("127.0.0.1", port), timeout=10) as link,
    ):
        send(link, {"say": "lines", "file": "../../outside.jsonl", "lines": ["{}"]})
        assert link.recv(1) == b""
    assert [path.name for path in tmp_path.rglob("*.jsonl")] == []


def test_another_clock_is_reckoned_with(tmp_path: Path) -> None:
    """A machine of another boot hands in lines of its own time: they are dated so that nobody is accused."""
    port = base_port()
    leader = Gang(tmp_path, "127.0.0.1", port + 3)
    with leader, Hub(leader, "127.0.0.1", port, locust_port=port + 3) as hub:
        hub.recruit(StormPlan(subject="reference", promise="at_most_once", seed=1, users=1, seconds=1), 1)
        with socket.create_connection(("127.0.0.1", port), timeout=10) as link:
            heard = receive(link, Lines())
            send(link, {"say": "time"})
            assert next(heard)["now_ns"] > 0
            send(link, {"say": "join", "name": "other"})
            welcome = next(heard)
            send(link, {"say": "clock", "boot": "another", "ahead_ns": 5_000, "error_ns": 100})
            lines = ['{"event":"invoke","at_ns":1000}', '{"event":"complete","at_ns":2000}']
            send(link, {"say": "lines", "file": f"003.w{welcome['first']}.jsonl", "lines": lines})
            send(link, {"say": "done"})
            hub.gather()
            notes, lost = hub.notes, hub.lost
    assert (welcome["first"], welcome["locust_port"], welcome["plan"]["subject"]) == (1000, port + 3, "reference")
    (path,) = leader.folder.glob("*.jsonl")
    assert [json.loads(line)["at_ns"] for line in path.read_text("ascii").splitlines()] == [5_900, 7_100]
    assert (notes, lost) == (["machine other#1 took part; its clock is known to 0.000 ms"], [])


def test_a_port_that_is_taken_is_named(tmp_path: Path) -> None:
    """One line, and what to do."""
    port = base_port()
    leader = Gang(tmp_path, "127.0.0.1", port + 3)
    second = Hub(leader, "127.0.0.1", port, locust_port=port + 3)
    with (
        leader,
        Hub(leader, "127.0.0.1", port, locust_port=port + 3),
        pytest.raises(CouldNotRunError, match="Choose another --port or --bind"),
        second,
    ):
        pass


COMPOSE: Any = yaml.safe_load((EXAMPLES / "compose.yaml").read_text("utf-8"))
SERVICES: dict[str, Any] = COMPOSE["services"]
OBJECTS: dict[tuple[str, str], Any] = {
    (each["kind"], each["metadata"]["name"]): each["spec"]
    for each in yaml.safe_load_all((EXAMPLES / "kubernetes.yaml").read_text("utf-8"))
}
PODS: dict[str, Any] = {name: spec["template"] for (kind, name), spec in OBJECTS.items() if kind == "Job"}


def _commands() -> Iterator[tuple[str, list[str]]]:
    """Yield place and words of every command of the examples."""
    for name, service in SERVICES.items():
        yield f"compose:{name}", service["command"]
    for pod in PODS.values():
        for container in pod["spec"]["containers"]:
            yield f"kubernetes:{container['name']}", container["args"]


def _read(words: list[str]) -> dict[str, Any]:
    """Return the options of a command, as the command line reads them."""
    command: Any = typer.main.get_command(app)
    read: dict[str, Any] = command.get_command(None, "storm").make_context("storm", list(words)).params
    return read


@pytest.mark.parametrize(("place", "words"), list(_commands()), ids=[place for place, _ in _commands()])
def test_commands_of_the_examples_are_ours(place: str, words: list[str]) -> None:
    """Each is read by the command line as it stands there."""
    read = _read(words)
    assert (read["master"], read["worker"]) == (place.endswith("master"), place.endswith("worker"))
    assert read["port"] == 5580
    assert bool(read["master_host"]) == read["worker"]
    assert len(parse_inject(read["inject"], seconds=read["seconds"])) == (2 if read["master"] else 0)


def test_the_service_has_the_four_ports() -> None:
    """What a worker pod must reach: the hub, Redis, the venue and Locust, one after the other."""
    service = OBJECTS["Service", "stormproof-master"]
    assert [port["port"] for port in service["ports"]] == [5580, 5581, 5582, 5583]


def test_the_services_of_compose_find_each_other() -> None:
    """Workers join the service that leads, in its network, with as many processes as it waits for."""
    leads, joins = SERVICES["master"], SERVICES["worker"]
    asked, joined = _read(leads["command"]), _read(joins["command"])
    assert joined["master_host"] == "master"
    assert joins["depends_on"] == ["master"]
    assert joined["processes"] * joins["deploy"]["replicas"] == asked["processes"]
    assert leads["networks"] == joins["networks"] == list(COMPOSE["networks"])
    (volume,) = leads["volumes"]
    assert asked["out"].startswith(volume.rpartition(":")[2] + "/")
    for service in SERVICES.values():
        assert (EXAMPLES / service["build"]["context"]).resolve() == ROOT
        assert (ROOT / service["build"]["dockerfile"]).is_file()


def test_the_objects_of_kubernetes_find_each_other() -> None:
    """Service and policy choose the pod that leads, worker pods name the service, and all processes come."""
    leads, joins = PODS["stormproof-master"], PODS["stormproof-worker"]
    (leader,), (worker,) = (pod["spec"]["containers"] for pod in (leads, joins))
    asked, joined = _read(leader["args"]), _read(worker["args"])
    labels = leads["metadata"]["labels"]
    policy = OBJECTS["NetworkPolicy", "stormproof-master"]
    assert OBJECTS["Service", joined["master_host"]]["selector"] == policy["podSelector"]["matchLabels"] == labels
    assert policy["ingress"] == [{"from": [{"podSelector": {"matchLabels": joins["metadata"]["labels"]}}]}]
    job = OBJECTS["Job", "stormproof-worker"]
    assert joined["processes"] * job["parallelism"] == joined["processes"] * job["completions"] == asked["processes"]
    assert leader["image"] == worker["image"]
    (mount,) = leader["volumeMounts"]
    assert [volume["name"] for volume in leads["spec"]["volumes"]] == [mount["name"]]
    assert asked["out"].startswith(mount["mountPath"] + "/")


def test_the_image_has_what_a_storm_needs() -> None:
    """It installs extras that there are, among them `storm`, and calls the command that the files give words to."""
    text = (EXAMPLES / "Dockerfile").read_text("utf-8")
    (extras,) = re.findall(r"/stormproof\[([a-z,]+)\]", text)
    known = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["optional-dependencies"]
    assert "storm" in extras.split(",")
    assert set(extras.split(",")) <= known.keys()
    (words,) = re.findall(r"^ENTRYPOINT (.+)$", text, flags=re.MULTILINE)
    assert json.loads(words) == ["stormproof", "storm"]
