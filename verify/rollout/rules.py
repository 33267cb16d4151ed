"""What is asked of a tree: `rollout.toml`, read once and checked before anything is looked at.

An unknown key is refused with the ones that there are: a misspelt rule would protect nothing.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from verify.rollout.errors import RolloutError
from verify.rollout.patterns import checked

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

FILE = "rollout.toml"
ALL_OFF = "{all_off}"
"""In a command: the name of a configuration in which every expected default is set."""


class Group(StrEnum):
    """What a protected file belongs to."""

    PAPER_PIPELINE = "paper_pipeline"
    EXECUTION = "execution"
    RISK_GATES = "risk_gates"
    FROZEN_MODEL = "frozen_model"


class GuardKind(StrEnum):
    """What a guard is for."""

    RETRY = "retry"
    IDEMPOTENCY = "idempotency"


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """What is asked of the frozen model besides its files.

    Attributes:
        weights: File of its weights.
        preprocessing: Files that make its inputs.
        predict: `module:function`; it takes one input of the golden file and gives a number or a list of numbers.
        golden: JSON file: a list of objects with `input` and `output`.
        tolerance: How far a number may be from the golden one, in its own unit.
        libraries: Names of distributions whose versions the baseline records; `python` is the interpreter's own.
    """

    weights: str
    preprocessing: tuple[str, ...]
    predict: str
    golden: str
    tolerance: float
    libraries: tuple[str, ...]

    @property
    def files(self) -> tuple[str, ...]:
        """Every file that belongs to the model by name."""
        return (self.weights, self.golden, *self.preprocessing)


@dataclass(frozen=True, slots=True, kw_only=True)
class Isolation:
    """Which packages may not know each other, in either direction."""

    isolated: tuple[str, ...]
    protected: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Guard:
    """A guard that must be there and alive.

    Attributes:
        kind: What it is for.
        name: As it is printed.
        make: `module:function`; it is called with a Redis URL and a lease in seconds and gives the guard, which is
            called with a key, a payload and an effect.
        flag: The key of the configuration that switches it on; empty where nothing does.
        wired: `module:name` of where the application uses it.
    """

    kind: GuardKind
    name: str
    make: str
    flag: str
    wired: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Effects:
    """Which functions have effects, and what guards their calls.

    Attributes:
        functions: Dotted names, as `execution.orders.place_order`.
        guards: Names of functions or methods to which an effect is handed.
        unguarded_in: Patterns of files in which a call may stand without a guard.
    """

    functions: tuple[str, ...]
    guards: tuple[str, ...]
    unguarded_in: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Defaults:
    """Which values a configuration must hold as it is delivered; keys are dotted."""

    file: str
    expected: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Output:
    """A command of the tree whose output may not change.

    Attributes:
        name: As it is printed.
        module: It is run as `python -m MODULE` would be.
        arguments: Its words; `{all_off}` stands for a configuration in which every expected default is set.
    """

    name: str
    module: str
    arguments: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Compatibility:
    """What must go on to work as it did in the baseline.

    Attributes:
        api: `module:callable` that gives an OpenAPI document; empty where there is none.
        configuration: `module:callable` that gives the JSON schema of the configuration; empty where there is none.
        outputs: Commands.
    """

    api: str
    configuration: str
    outputs: tuple[Output, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """All that is asked of a tree. What is None or empty was not said, and its check is UNKNOWN."""

    text: str
    import_roots: tuple[str, ...]
    protected: Mapping[Group, tuple[str, ...]]
    model: Model | None
    isolation: Isolation | None
    guards: tuple[Guard, ...]
    effects: Effects | None
    defaults: Defaults | None
    compatibility: Compatibility | None

    @property
    def all_protected(self) -> tuple[str, ...]:
        """Every pattern of every group."""
        return tuple(pattern for patterns in self.protected.values() for pattern in patterns)

    @property
    def meaning(self) -> dict[str, Any]:
        """What the text says, without comments and layout."""
        return tomllib.loads(self.text)


def parse(text: str) -> Rules:
    """Return the rules of a `rollout.toml`.

    Raises:
        RolloutError: It is no TOML, or says something that is not known.
    """
    try:
        held = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise RolloutError(f"{FILE} is no TOML: {error}") from None
    sections = ("protected", "model", "isolation", "guards", "effects", "defaults", "compatibility")
    _only(held, ("import_roots", *sections), FILE)
    groups = _table(held, "protected")
    _only(groups, tuple(Group), "[protected]")
    return Rules(
        text=text,
        import_roots=_names(held, "import_roots", FILE) or (".",),
        protected={
            group: tuple(checked(pattern) for pattern in _names(groups, group, "[protected]"))
            for group in Group
            if group in groups
        },
        model=_model(_table(held, "model")) if "model" in held else None,
        isolation=_isolation(_table(held, "isolation")) if "isolation" in held else None,
        guards=_guards(held.get("guards", [])),
        effects=_effects(_table(held, "effects")) if "effects" in held else None,
        defaults=_defaults(_table(held, "defaults")) if "defaults" in held else None,
        compatibility=_compatibility(held) if "compatibility" in held else None,
    )


def _model(held: dict[str, Any]) -> Model:
    place = "[model]"
    _only(held, ("weights", "preprocessing", "predict", "golden", "tolerance", "libraries"), place)
    tolerance = held.get("tolerance", 0.0)
    if isinstance(tolerance, bool) or not isinstance(tolerance, int | float) or not 0 <= tolerance < float("inf"):
        raise RolloutError(f"{FILE}: {place} tolerance is {tolerance!r}; expected a number, 0 or more")
    return Model(
        weights=checked(_word(held, "weights", place)),
        preprocessing=tuple(checked(name) for name in _names(held, "preprocessing", place)),
        predict=_target(held, "predict", place),
        golden=checked(_word(held, "golden", place)),
        tolerance=float(tolerance),
        libraries=_names(held, "libraries", place),
    )


def _isolation(held: dict[str, Any]) -> Isolation:
    place = "[isolation]"
    _only(held, ("isolated", "protected"), place)
    isolated, protected = (_names(held, name, place) for name in ("isolated", "protected"))
    if not isolated or not protected:
        raise RolloutError(f"{FILE}: {place} needs isolated and protected, each a list of package names")
    return Isolation(isolated=isolated, protected=protected)


def _guards(held: object) -> tuple[Guard, ...]:
    if not isinstance(held, list):
        raise RolloutError(f"{FILE}: guards is no list; write [[guards]] before each")
    guards = []
    for each in held:
        place = "[[guards]]"
        _only(each, ("kind", "name", "make", "flag", "wired"), place)
        kind = _word(each, "kind", place)
        if kind not in tuple(GuardKind):
            raise RolloutError(f"{FILE}: {place} kind is {kind!r}; expected one of {', '.join(GuardKind)}")
        guards.append(
            Guard(
                kind=GuardKind(kind),
                name=_word(each, "name", place),
                make=_target(each, "make", place),
                flag=_word(each, "flag", place, optional=True),
                wired=_target(each, "wired", place, optional=True),
            )
        )
    return tuple(guards)


def _effects(held: dict[str, Any]) -> Effects:
    place = "[effects]"
    _only(held, ("functions", "guards", "unguarded_in"), place)
    return Effects(
        functions=_names(held, "functions", place),
        guards=_names(held, "guards", place),
        unguarded_in=tuple(checked(pattern) for pattern in _names(held, "unguarded_in", place)),
    )


def _defaults(held: dict[str, Any]) -> Defaults:
    place = "[defaults]"
    _only(held, ("file", "expected"), place)
    expected = _table(held, "expected")
    if not expected:
        raise RolloutError(f'{FILE}: {place} expects nothing; write lines such as "retry.enabled" = false')
    return Defaults(file=checked(_word(held, "file", place)), expected=expected)


def _compatibility(rules: dict[str, Any]) -> Compatibility:
    place, held = "[compatibility]", _table(rules, "compatibility")
    _only(held, ("api", "configuration", "outputs"), place)
    stored = held.get("outputs", [])
    if not isinstance(stored, list):
        raise RolloutError(f"{FILE}: {place} outputs is no list; write [[compatibility.outputs]] before each")
    found = Compatibility(
        api=_target(held, "api", place, optional=True),
        configuration=_target(held, "configuration", place, optional=True),
        outputs=tuple(_output(each) for each in stored),
    )
    names = [each.name for each in found.outputs]
    if odd := [name for name in names if names.count(name) > 1]:
        raise RolloutError(f"{FILE}: two [[compatibility.outputs]] have the name {odd[0]!r}; expected one of each")
    if not (found.api or found.configuration or found.outputs):
        raise RolloutError(f"{FILE}: {place} asks for nothing; expected some of api, configuration, outputs")
    if "defaults" not in rules and any(ALL_OFF in each.arguments for each in found.outputs):
        raise RolloutError(f"{FILE}: {ALL_OFF} stands for the configuration of [defaults], and there are none")
    return found


def _output(held: Any) -> Output:
    place = "[[compatibility.outputs]]"
    _only(held, ("name", "module", "arguments"), place)
    return Output(
        name=_word(held, "name", place),
        module=_word(held, "module", place),
        arguments=_names(held, "arguments", place),
    )


def _only(held: object, known: Sequence[str], place: str) -> None:
    if not isinstance(held, dict):
        raise RolloutError(f"{FILE}: {place} is no table")
    if odd := [name for name in held if name not in known]:
        raise RolloutError(f"{FILE}: {place} has {odd[0]!r}; expected some of {', '.join(known)}")


def _table(held: dict[str, Any], name: str) -> dict[str, Any]:
    value = held.get(name, {})
    if not isinstance(value, dict):
        raise RolloutError(f"{FILE}: {name} is {value!r}; expected a table")
    return value


def _names(held: dict[str, Any], name: str, place: str) -> tuple[str, ...]:
    value = held.get(name, [])
    if not isinstance(value, list) or not all(isinstance(each, str) and each for each in value):
        raise RolloutError(f"{FILE}: {place} {name} is {value!r}; expected a list of texts")
    return tuple(value)


def _word(held: dict[str, Any], name: str, place: str, *, optional: bool = False) -> str:
    value = held.get(name, "" if optional else None)
    if not isinstance(value, str) or not (value or optional):
        raise RolloutError(f"{FILE}: {place} {name} is {value!r}; expected a text")
    return value


def _target(held: dict[str, Any], name: str, place: str, *, optional: bool = False) -> str:
    value = _word(held, name, place, optional=optional)
    module, colon, function = value.partition(":")
    if value and not (module and colon and function):
        raise RolloutError(f"{FILE}: {place} {name} is {value!r}; expected module:function")
    return value
