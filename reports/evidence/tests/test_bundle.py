"""A bundle is the run and nothing else: the same bytes each time, and any changed byte of it is named."""

from __future__ import annotations

import json
import tarfile
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from reports.evidence import locator
from reports.evidence.checking import DamagedError, check
from reports.evidence.layout import BLOCK, END, ENVELOPE, LOCATOR, header_of, slots_of
from reports.evidence.locator import changed_bytes, row_of
from reports.evidence.packing import pack
from reports.evidence.verifying import verify
from reports.stored_run import StoredRunError, write_verdict
from reports.tests.run_folders import (
    campaign_run,
    durability_run,
    invalid_run,
    record,
    story_run,
    unknown_run,
    valid_run,
)
from verify.durability.tests.cells import cell
from verify.run_layout import ENVIRONMENT, HISTORY, RECORD, VERDICT
from verify.signing import PAYLOAD_TYPE, SigningError, payload_of, unsigned
from verify.statement import STATEMENT
from verify.tests.keys import fresh_keys

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

RUNS = [(valid_run, "VALID"), (invalid_run, "INVALID"), (unknown_run, "UNKNOWN"), (campaign_run, "VALID")]
OTHERS = [(lambda folder: durability_run(folder, [cell()]), "VALID"), (story_run, "INVALID")]


class Nowhere:
    """Takes the contents of a bundle and forgets them."""

    def begin(self, name: str) -> None:
        """Take nothing."""

    def take(self, content: bytes) -> None:
        """Take nothing."""


def packed(build: Callable[[Path], Path], folder: Path, **options: Any) -> Path:
    """Return the bundle of a small run that is made in *folder*."""
    run = folder / "run"
    run.mkdir()
    write_verdict(build(run))
    return pack(run, folder / "run.tar", **options).path


def statement(bundle: Path) -> dict[str, Any]:
    """Return what a bundle states."""
    with tarfile.open(bundle) as archive:
        envelope = archive.extractfile(ENVELOPE)
        assert envelope is not None
        stated: dict[str, Any] = json.loads(payload_of(json.load(envelope), "the bundle"))
        return stated


@pytest.mark.parametrize(("build", "verdict"), [*RUNS, *OTHERS])
def test_a_bundle_is_verified_without_the_run(build: Callable[[Path], Path], verdict: str, tmp_path: Path) -> None:
    """Nothing of the run folder is needed, and the verdict comes out again."""
    bundle = packed(build, tmp_path)
    (tmp_path / "run").rename(tmp_path / "elsewhere")
    (tmp_path / "room").mkdir()
    assert verify(bundle, tmp_path / "room").verdict == verdict
    unpacked = {path.name for path in (tmp_path / "room" / "run").iterdir()}
    assert {VERDICT, ENVIRONMENT} <= unpacked


def test_the_same_run_gives_the_same_bytes(tmp_path: Path) -> None:
    """Signed too, and after it was judged again and looked at."""
    private, _ = fresh_keys(tmp_path, "one")
    first = packed(campaign_run, tmp_path, key=private).read_bytes()
    write_verdict(tmp_path / "run")
    (tmp_path / "run" / "summary.md").write_text("more", encoding="utf-8")
    assert pack(tmp_path / "run", tmp_path / "again.tar", key=private).path.read_bytes() == first


@pytest.mark.parametrize(("build", "verdict"), RUNS)
def test_the_statement_is_an_in_toto_test_result(build: Callable[[Path], Path], verdict: str, tmp_path: Path) -> None:
    """Every file is a subject with its digest; what is not VALID has not passed; seeds, server and code are named."""
    bundle = packed(build, tmp_path)
    stated = statement(bundle)
    assert stated["_type"] == STATEMENT
    assert stated["predicateType"] == "https://in-toto.io/attestation/test-result/v0.1"
    with tarfile.open(bundle) as archive:
        files = [name for name in archive.getnames() if name not in {ENVELOPE, LOCATOR}]
    assert [each["name"] for each in stated["subject"]] == files
    assert all(len(each["digest"]["sha256"]) == 64 for each in stated["subject"])
    predicate = stated["predicate"]
    assert (predicate["result"], predicate["verdict"]) == ("PASSED" if verdict == "VALID" else "FAILED", verdict)
    assert ("explore shop" in predicate["passedTests"]) is (verdict == "VALID")
    assert predicate["seeds"] == [7]
    named = {each["name"]: each.get("digest") for each in predicate["configuration"]}
    assert named["server: valkey 9.1.2"] == {"sha256": "ab" * 32}
    assert "run/run.json" in named


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_changed_byte_is_named(data: st.DataObject, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Header, padding, content, Statement or locator: file and place of the byte are told, and what it was."""
    folder = tmp_path_factory.mktemp("flip")
    whole = bytearray(packed(invalid_run, folder).read_bytes())
    at = data.draw(st.integers(0, len(whole) - 1), "at")
    was = whole[at]
    whole[at] ^= data.draw(st.integers(1, 255), "by")
    (folder / "run.tar").write_bytes(whole)
    with pytest.raises(DamagedError) as raised:
        check(folder / "run.tar", Nowhere())
    assert f"(byte {at:,} of the bundle): it is 0x{whole[at]:02x} and was 0x{was:02x}" in str(raised.value)


def _place(bundle: Path, member: str) -> int:
    with tarfile.open(bundle) as archive:
        return archive.getmember(member).offset_data


def test_the_changed_byte_is_named_by_its_place_in_its_file(tmp_path: Path) -> None:
    """What an auditor opens is the file, not the bundle."""
    bundle = packed(valid_run, tmp_path)
    whole = bytearray(bundle.read_bytes())
    begins = _place(bundle, f"run/{HISTORY}")
    whole[begins + 700] ^= 1
    bundle.write_bytes(whole)
    with pytest.raises(DamagedError, match=f"^byte 700 of run/{HISTORY} was changed"):
        check(bundle, Nowhere())


def test_a_changed_word_is_named_by_its_first_byte(tmp_path: Path) -> None:
    """Up to four bytes in a row are known, with what they were; of several blocks, those of the first."""
    bundle = packed(valid_run, tmp_path)
    whole = bundle.read_bytes()
    begins = _place(bundle, f"run/{HISTORY}")
    at = whole.index(b'"outcome":"OK"', begins) + len('"outcome":"')
    bundle.write_bytes(whole[:at] + b"NO" + whole[at + 2 :].replace(b"redeliver", b"relatedly"))
    with pytest.raises(
        DamagedError, match=rf"^byte {at - begins:,} of run/{HISTORY} was .* 2 bytes from there"
    ) as seen:
        check(bundle, Nowhere())
    assert str(seen.value).endswith(f"it is 0x{b'NO'.hex()} and was 0x{b'OK'.hex()}")


def test_of_bytes_far_apart_the_block_of_the_first_is_named(tmp_path: Path) -> None:
    """They cannot be told apart, and that is said."""
    bundle = packed(valid_run, tmp_path)
    whole = bytearray(bundle.read_bytes())
    begins = _place(bundle, f"run/{HISTORY}")
    for at in (520, 530, 1030):
        whole[begins + at] ^= 1
    bundle.write_bytes(whole)
    with pytest.raises(DamagedError, match=rf"among bytes 512 to 1,023 of run/{HISTORY} .* several were changed"):
        check(bundle, Nowhere())


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda whole: whole[:-1], "cut off"),
        (lambda whole: whole[: len(whole) // 2], "cut off"),
        (lambda whole: whole + b"\n", "1 bytes follow the end"),
        (lambda whole: whole[:-1] + b"x", "the end of the archive"),
        (lambda whole: whole[:2000] + b"x" + whole[2000:], "changed"),
        (lambda whole: whole[:2000] + whole[2001:], "changed"),
    ],
    ids=["last byte cut", "half cut", "lengthened", "end changed", "byte put in", "byte taken out"],
)
def test_what_is_missing_or_too_much_is_seen(spoil: Callable[[bytes], bytes], said: str, tmp_path: Path) -> None:
    """A bundle that was cut, lengthened, or in which bytes were moved."""
    bundle = packed(valid_run, tmp_path)
    bundle.write_bytes(spoil(bundle.read_bytes()))
    with pytest.raises(DamagedError, match=said):
        check(bundle, Nowhere())


@pytest.mark.parametrize("content", [b"", b"x" * 100, bytes(len(END)), b"x" * 5000])
def test_what_is_no_bundle_is_refused(content: bytes, tmp_path: Path) -> None:
    """It is wrong input, not a damaged bundle."""
    (tmp_path / "file").write_bytes(content)
    with pytest.raises(StoredRunError, match="is no bundle"):
        check(tmp_path / "file", Nowhere())
    with pytest.raises(StoredRunError, match="cannot read"):
        check(tmp_path / "nowhere", Nowhere())


@given(block=st.binary(min_size=1, max_size=BLOCK), other=st.binary(min_size=1, max_size=4), data=st.data())
def test_up_to_four_changed_bytes_in_a_row_are_found(block: bytes, other: bytes, data: st.DataObject) -> None:
    """From two checksums alone, wherever they are and whatever they were."""
    begins = data.draw(st.integers(0, len(block) - 1))
    now = block[:begins] + other[: len(block) - begins] + block[begins + len(other) :]
    assume(now != block)
    changed = [at for at, (one, before) in enumerate(zip(now, block, strict=True)) if one != before]
    first, last = changed[0], changed[-1]
    assert changed_bytes(now, row_of(block)) == (first, block[first : last + 1])


@given(block=st.binary(min_size=8, max_size=BLOCK), other=st.binary(min_size=8, max_size=BLOCK))
def test_what_is_no_such_change_is_not_taken_for_one(block: bytes, other: bytes) -> None:
    """The answer is right, or there is none."""
    found = changed_bytes(other, row_of(block))
    if found is not None and len(block) == len(other):
        at, was = found
        assert other[:at] + was + other[at + len(was) :] == block


def test_a_bundle_that_was_made_anew_is_not_believed(tmp_path: Path) -> None:
    """Who changes a history and packs again needs the key, or a verdict that judging gives."""
    private, public = fresh_keys(tmp_path, "one")
    other, _ = fresh_keys(tmp_path, "other")
    bundle = packed(invalid_run, tmp_path, key=private)
    rooms = [tmp_path / f"room{number}" for number in range(5)]
    for room in rooms:
        room.mkdir()
    assert verify(bundle, rooms[0], key=public).signature.startswith("good")
    with pytest.raises(StoredRunError, match="say with --key"):
        verify(bundle, rooms[1])
    forged = pack(tmp_path / "run", tmp_path / "forged.tar", key=other).path
    with pytest.raises(DamagedError, match="did not sign"):
        verify(forged, rooms[2], key=public)
    unsigned = pack(tmp_path / "run", tmp_path / "unsigned.tar").path
    with pytest.raises(DamagedError, match="is not signed"):
        verify(unsigned, rooms[3], key=public)
    with pytest.raises(SigningError, match=r"no ed25519 public key|no key"):
        verify(bundle, rooms[4], key=private)


def test_a_verdict_that_judging_does_not_give_is_not_believed(tmp_path: Path) -> None:
    """A friendlier verdict with digests to match is packed, and found out."""
    bundle = packed(invalid_run, tmp_path)
    stored = json.loads((tmp_path / "run" / VERDICT).read_bytes())
    (tmp_path / "run" / VERDICT).write_text(json.dumps(stored | {"verdict": "VALID", "findings": []}), "utf-8")
    forged = pack(tmp_path / "run", bundle).path
    (tmp_path / "room").mkdir()
    with pytest.raises(DamagedError, match=r"judging again gives another run/verdict\.json"):
        verify(forged, tmp_path / "room")


def test_a_run_that_was_changed_after_its_verdict_is_not_packed(tmp_path: Path) -> None:
    """The bundle would state what its files do not say."""
    packed(valid_run, tmp_path)
    with (tmp_path / "run" / HISTORY).open("a", encoding="utf-8") as history:
        history.write('{"history":1,"event":"phase","name":"settle"}\n')
    with pytest.raises(StoredRunError, match="is not what was judged"):
        pack(tmp_path / "run", tmp_path / "again.tar")
    assert not list(tmp_path.glob("*.unfinished"))


@pytest.mark.parametrize("name", [RECORD, ENVIRONMENT])
def test_a_planted_secret_is_not_packed(name: str, tmp_path: Path) -> None:
    """The file and the line are named, the secret is not, and no bundle is left."""
    folder = tmp_path / "run"
    folder.mkdir()
    valid_run(folder)
    if name == RECORD:
        said = record(subject="guard on redis://user:hunter2@host").to_object()
    else:
        said = {"command": ["stormproof", "--redis", "redis://user:hunter2@host"]}
    (folder / name).write_text(json.dumps(said), encoding="utf-8")
    write_verdict(folder)
    with pytest.raises(StoredRunError, match="looks like a secret in the line at byte 0") as raised:
        pack(folder, tmp_path / "run.tar")
    assert "hunter2" not in str(raised.value)
    assert not (tmp_path / "run.tar").exists()


def test_a_baseline_is_taken_along(tmp_path: Path) -> None:
    """What the tree was stands beside what was run."""
    (tmp_path / "rollout-baseline.json").write_text("{}", encoding="utf-8")
    bundle = packed(valid_run, tmp_path, baseline=tmp_path / "rollout-baseline.json")
    assert statement(bundle)["subject"][0]["name"] == "baseline.json"
    (tmp_path / "room").mkdir()
    assert verify(bundle, tmp_path / "room").files == 7


def forged(bundle: Path, state: Callable[[dict[str, Any]], object], names: dict[str, str]) -> Path:
    """Make *bundle* state something else of other names, as whole as anybody without a key can, and return it."""
    with tarfile.open(bundle) as archive:
        contents = {each.name: archive.extractfile(each).read() for each in archive}  # type: ignore[union-attr]
    del contents[LOCATOR]
    stated = statement(bundle)
    state(stated)
    contents[ENVELOPE] = json.dumps(unsigned(json.dumps(stated).encode(), PAYLOAD_TYPE)).encode()
    contents = {names.get(each, each): content for each, content in contents.items()}
    members = []
    for each, content in contents.items():
        sums = locator.Sums(each)
        sums.take(content)
        members.append(sums.end())
    body = b"".join(
        slot.header + contents[slot.name] + bytes(slot.padding)
        for slot in slots_of([(each.name, each.size) for each in members])
    )
    written = locator.written(members)
    bundle.write_bytes(body + header_of(LOCATOR, len(written)) + written + END)
    return bundle


@pytest.mark.parametrize("name", ["run/../../x", "/x", "x", "run/a\0b"])
def test_a_name_that_leads_out_of_the_room_is_refused(name: str, tmp_path: Path) -> None:
    """A bundle comes from anywhere."""

    def rename(stated: dict[str, Any]) -> None:
        for each in (*stated["subject"], *stated["predicate"]["files"]):
            each["name"] = name if each["name"] == "run/run.json" else each["name"]

    evil = forged(packed(valid_run, tmp_path), rename, {"run/run.json": name})
    (tmp_path / "room").mkdir()
    with pytest.raises(DamagedError, match="belongs to no run"):
        verify(evil, tmp_path / "room")
    assert not (tmp_path / "x").exists()


@pytest.mark.parametrize(
    "state",
    [
        lambda stated: stated["predicate"]["files"][0].update(size=-1),
        lambda stated: stated["predicate"]["files"][0].update(size=10**30),
        lambda stated: stated["predicate"]["files"][0].update(size=None),
        lambda stated: stated["predicate"]["files"].clear(),
        lambda stated: stated["subject"].pop(),
        lambda stated: stated["subject"].clear(),
        lambda stated: stated.update(subject=7),
        lambda stated: stated.update(predicate=[]),
        lambda stated: stated.update(predicateType="https://example.org/other"),
        lambda stated: stated["predicate"].update(verdict="VALID", result="PASSED"),
        lambda stated: stated["predicate"].update(result="PASSED"),
    ],
    ids=["negative", "huge", "none", "no sizes", "one less", "nothing", "number", "list", "other", "nicer", "passed"],
)
def test_a_statement_that_does_not_fit_is_refused(state: Callable[[dict[str, Any]], object], tmp_path: Path) -> None:
    """Whatever somebody states, it is held against the files, and nothing else than a refusal comes of it."""
    evil = forged(packed(invalid_run, tmp_path), state, {})
    (tmp_path / "room").mkdir()
    with pytest.raises((DamagedError, StoredRunError)):
        verify(evil, tmp_path / "room")
