"""Holds the house together (design.md: rooms, house rules), by reading the source and never by running it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from statistics import median

import pytest

from tests.source import MODULES, ROOMS, ROOT, Function, find, imported

SHOWN = {
    "admin",
    "tasks",
    "verbs",
    "api",
    "commands",
    "receivers",
    "management",
}  # what people and workers touch; nothing below knows it
BELOW = {
    "services": SHOWN,
    "steps": SHOWN,
    "selectors": SHOWN | {"services", "steps"},
    "checks": SHOWN | {"steps"},
    "sources": SHOWN | {"services", "steps", "selectors"},
    "adoption": SHOWN | {"services", "steps", "selectors", "models"},
    "engines": SHOWN | {"services", "steps", "selectors", "models"},
    "vault": SHOWN | {"services", "steps", "selectors", "models"},
    "wal": SHOWN | {"services", "steps", "selectors", "models"},
    "runtimes": SHOWN | {"services", "steps", "selectors", "models"},
    "channels": SHOWN | {"services", "steps", "selectors", "models"},
    "intake": SHOWN | {"services", "steps", "selectors", "models"},
    "expressions": SHOWN | {"services", "steps", "selectors", "models"},
    "bundles": SHOWN | {"services", "steps", "selectors", "models"},
    "documents": SHOWN | {"services", "steps", "selectors", "models"},
    "fingerprints": SHOWN | {"services", "steps", "selectors", "models"},
    "models": SHOWN | {"services", "steps", "selectors"},
}
PLAIN = (  # know plain values, never rows
    "adoption", "engines", "vault", "wal", "runtimes",
    "channels", "intake", "expressions", "bundles", "documents", "fingerprints",
)  # fmt: skip
LAYERS = (  # of incidents, the lowest first: each knows its own layer and those below it (docs/architecture.md)
    {"fingerprints", "signals", "channels", "intake", "expressions", "bundles", "documents"},
    {"models"},
    {"privacy", "selectors", "searching", "responses"},
    {"services", "detection", "diagnoses", "clock"},
    {"steps", "monitoring", "postmortems", "actions", "objectives", "reminding", "dashboard", "runbook"},
    {"admin", "api", "commands", "verbs", "receivers", "tasks", "registration", "apps", "urls",
     "acknowledging", "alert_door", "metrics_door", "intake_site"},
)  # fmt: skip
HEIGHT = {part: height for height, layer in enumerate(LAYERS) for part in layer}
APART = {"detection", "diagnoses", "clock"}  # none of them knows another
REGISTRY = "smsops.runtimes.registry"  # the one place that goes from a row to its driver
MODULE_LINES, MODULE_MEDIAN = 300, 80
FUNCTION_LINES, FUNCTION_MEDIAN = 40, 10


def within(name: str, packages: set[str]) -> bool:
    return any(name == package or name.startswith(f"{package}.") for package in packages)


def span(function: Function) -> int:
    """Lines of a function, its signature included."""
    return (function.end_lineno or function.lineno) - function.lineno + 1


def sized(limit: int) -> list[str]:
    return [
        f"{module.name}:{each.lineno} {each.name} {span(each)}"
        for module in MODULES
        for each in module.functions
        if span(each) > limit
    ]


def test_every_room_was_found() -> None:
    assert {module.room for module in MODULES} == set(ROOMS)
    assert len(MODULES) > 100


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_knows_only_the_rooms_below_it(room: str) -> None:
    above = set(ROOMS[ROOMS.index(room) + 1 :])
    wrong = [(module.name, name) for module in find(room) for name in module.imports if within(name, above)]
    assert not wrong


def test_the_product_knows_neither_its_tests_nor_the_demo() -> None:
    outside = {"tests", "demo", "bench", "pytest"}
    wrong = [(module.name, name) for module in MODULES for name in module.imports if within(name, outside)]
    assert not wrong


@pytest.mark.parametrize("part", BELOW)
def test_a_lower_part_does_not_know_a_higher_one(part: str) -> None:
    forbidden = {f"{room}.{higher}" for room in ROOMS for higher in BELOW[part]}
    modules = [module for module in MODULES if module.part == part and module.name != REGISTRY]
    wrong = [(module.name, name) for module in modules for name in module.imports if within(name, forbidden)]
    assert not wrong


def parts_of_incidents() -> Iterator[tuple[str, str, str]]:
    """Each import of one part of incidents by another: the module, its part, and the part it imports."""
    for module in find("incidents"):
        for name in module.imports:
            room, _, rest = name.partition(".")
            other = rest.partition(".")[0]
            if room == "incidents" and module.part and other in HEIGHT and other != module.part:
                yield module.name, module.part, other


def test_every_part_of_incidents_has_its_layer_and_its_line_in_the_docs() -> None:
    parts = {module.part for module in find("incidents") if module.part}
    told = (ROOT / "docs/architecture.md").read_text(encoding="utf-8")
    assert parts == set(HEIGHT)
    assert [part for part in sorted(parts) if f"`{part}`" not in told] == []


def test_a_part_of_incidents_knows_none_of_a_higher_layer() -> None:
    assert len(list(parts_of_incidents())) > 200
    assert [each for each in parts_of_incidents() if HEIGHT[each[2]] > HEIGHT[each[1]]] == []


def test_detection_diagnoses_and_the_clock_do_not_know_each_other() -> None:
    assert [each for each in parts_of_incidents() if {each[1], each[2]} <= APART] == []


def test_engines_runtimes_and_vaults_know_plain_values_and_no_rows() -> None:
    plain = [module for module in MODULES if module.part in PLAIN and module.name != REGISTRY]
    wrong = [
        (module.name, name)
        for module in plain
        for name in module.imports
        if within(name, {"django.db", *(f"{room}.models" for room in ROOMS)})
    ]
    assert len(plain) > 8
    assert not wrong


def test_only_the_doorbell_knows_the_tasks() -> None:
    tasks = {f"{room}.tasks" for room in ROOMS}
    ringing = {module.name for module in MODULES for name in module.imports if within(name, tasks)}
    assert ringing <= {"smsops.runs.bell"}


def test_every_def_is_annotated() -> None:
    wrong = [
        f"{module.name}:{function.lineno} {function.name}"
        for module in MODULES
        for function in module.functions
        if not annotated(function)
    ]
    assert not wrong


def annotated(function: Function) -> bool:
    given = function.args
    arguments = [*given.posonlyargs, *given.args, *given.kwonlyargs, given.vararg, given.kwarg]
    named = [argument for argument in arguments if argument is not None and argument.arg not in ("self", "cls")]
    return function.returns is not None and all(argument.annotation is not None for argument in named)


def test_no_module_is_long() -> None:
    assert not [f"{module.name} {module.lines}" for module in MODULES if module.lines > MODULE_LINES]


def test_the_typical_module_is_short() -> None:
    assert median(module.lines for module in MODULES if module.lines) < MODULE_MEDIAN


def test_no_function_is_long() -> None:
    assert not sized(FUNCTION_LINES)


def test_the_typical_function_is_short() -> None:
    assert median(span(function) for module in MODULES for function in module.functions) < FUNCTION_MEDIAN


def test_no_module_is_a_drawer_for_everything() -> None:
    drawers = {"utils", "util", "helpers", "helper", "manager", "managers", "misc", "common_utils"}
    assert not [module.name for module in MODULES if drawers & set(module.name.split("."))]


def test_every_module_says_what_it_is() -> None:
    assert not [module.name for module in MODULES if module.tree.body and not ast.get_docstring(module.tree)]


def test_every_step_kind_says_what_it_does() -> None:
    kinds = [(module.name, each) for module in MODULES for each in module.classes if "StepKind" in bases(each)]
    assert len(kinds) > 15
    assert not [f"{name} {each.name}" for name, each in kinds if not ast.get_docstring(each)]


def bases(node: ast.ClassDef) -> set[str]:
    return {base.attr if isinstance(base, ast.Attribute) else getattr(base, "id", "") for base in node.bases}


def test_every_model_says_what_a_row_is() -> None:
    models = [(module.name, each) for module in MODULES for each in module.classes if "Model" in bases(each)]
    assert len(models) > 8
    assert not [f"{name} {each.name}" for name, each in models if not ast.get_docstring(each)]


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ("import deployments.models", "deployments.models"),
        ("from deployments import models", "deployments.models"),
        ("def f() -> None:\n    from deployments.models import Release", "deployments.models"),
        ("from .models import Release", "room.models"),
        ("from ..other import thing", "room.other.thing"),
        ("if x:\n    import deployments.models as d", "deployments.models"),
    ],
)
def test_an_import_is_seen_wherever_and_however_it_is_written(line: str, name: str) -> None:
    assert name in set(imported(ast.parse(line), "room" if ".." not in line else "room.sub"))


def test_a_missing_annotation_is_seen_on_every_kind_of_argument() -> None:
    bad = ["def f(a) -> int: ...", "def f(*a) -> int: ...", "def f(*, a) -> int: ...", "def f(a: int): ..."]
    for line in bad:
        function = ast.parse(line).body[0]
        assert isinstance(function, ast.FunctionDef)
        assert not annotated(function)


def test_every_public_service_function_says_what_it_promises() -> None:
    services = [module for module in MODULES if module.part == "services"]
    functions = [(module.name, node) for module in services for node in module.tree.body if isinstance(node, Function)]
    silent = [f"{name}.{each.name}" for name, each in functions if each.name[0] != "_" and not ast.get_docstring(each)]
    assert not silent
