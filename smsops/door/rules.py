"""What the door allows, read from a YAML file that `manage.py ops door-rules` prints."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

import yaml

from smsops.door import plain
from smsops.door.verdicts import Refused

SANDBOX_NETWORK = "smsops-sandbox"
ENVIRONMENT, RUN, ONCE = "smsops.environment", "smsops.run", "smsops.once"  # the labels of what smsops makes


class BadRules(Exception):
    """The file cannot be used; says why in one sentence."""


@dataclass(frozen=True)
class Environment:
    """One SMS: what its containers may be called, made of, and given."""

    name: str
    instance: str
    image: str
    volume: str = ""
    ports: frozenset[tuple[int, int]] = frozenset()  # in the container, on the host
    own_ports: range = range(0)  # behind an edge: those of the loopback address it may have for itself

    def may_be_called(self, name: str) -> bool:
        """Whether a container of it may get the name."""
        return name == self.instance or name.startswith(f"{self.instance}-")

    def may_have(self, inside: int, address: str, outside: int) -> bool:
        """Whether the port `inside` of a container of it may be published there."""
        if (inside, outside) in self.ports:
            return address in ("", "0.0.0.0", "127.0.0.1")  # noqa: S104
        known = {each for each, _ in self.ports}
        return address == "127.0.0.1" and inside in known and outside in self.own_ports

    def was_called(self, name: str) -> bool:
        """Whether a container of that name is its SMS, though nobody labelled it: it was there before smsops."""
        return name == self.instance or re.fullmatch(rf"{re.escape(self.instance)}-before-r\d+", name) is not None


@dataclass(frozen=True)
class Rules:
    """All that is allowed; with none given, next to nothing is."""

    environments: tuple[Environment, ...] = ()
    work_folders: tuple[PurePosixPath, ...] = ()
    shown_folders: tuple[PurePosixPath, ...] = ()
    scratch_folder: PurePosixPath | None = None  # in it, the sockets of scratch servers may be shown
    networks: frozenset[str] = frozenset({SANDBOX_NETWORK})
    load: bool = False
    images: frozenset[str] = field(init=False)
    volumes: frozenset[str] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "images", frozenset(each.image for each in self.environments))
        object.__setattr__(self, "volumes", frozenset(each.volume for each in self.environments if each.volume))

    def labelled(self, labels: Mapping[str, str] | None) -> Environment | None:
        """The environment a container's labels name, itself or its sandbox."""
        wanted = (labels or {}).get(ENVIRONMENT, "").removeprefix("sandbox of ")
        return next((each for each in self.environments if each.name == wanted), None)

    def owner(self, name: str, labels: Mapping[str, str] | None) -> Environment | None:
        """The environment an existing container belongs to."""
        named = (each for each in self.environments if each.was_called(name))
        return self.labelled(labels) or next(named, None)


def labels(key: str, value: Any) -> dict[str, str]:
    """Labels of smsops's own; a proxy, compose or an orchestrator might obey others."""
    for name, text in plain.mapping(key, value).items():
        if not name.startswith("smsops."):
            raise Refused(f"the label {name[:60]!r}")
        plain.text(name, text)
    return dict(value)


def load(path: Path) -> Rules:
    """The rules in the file; nothing is allowed where there is none. BadRules when it cannot be used."""
    try:
        given = yaml.safe_load(path.read_text(encoding="utf-8"))
        return _rules(given or {})
    except FileNotFoundError:
        return Rules()
    except (OSError, yaml.YAMLError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise BadRules(f"The rules in {path} cannot be used: {type(error).__name__}: {error}") from error


def _rules(given: dict[str, Any]) -> Rules:
    unknown = set(given) - {"environments", "work_folders", "shown_folders", "scratch_folder", "networks", "load"}
    if unknown:
        raise ValueError(f"nobody knows {', '.join(sorted(map(str, unknown)))}")
    return Rules(
        environments=tuple(_environment(str(name), each) for name, each in (given.get("environments") or {}).items()),
        work_folders=tuple(_folder(each) for each in given.get("work_folders") or ()),
        shown_folders=tuple(_folder(each) for each in given.get("shown_folders") or ()),
        scratch_folder=PurePosixPath(given["scratch_folder"]) if given.get("scratch_folder") else None,
        networks=frozenset({SANDBOX_NETWORK, *map(str, given.get("networks") or ())}),
        load=given.get("load", False) is True,
    )


def _environment(name: str, given: dict[str, Any]) -> Environment:
    if not given["instance"] or not given["image"]:
        raise ValueError(f"{name} needs an instance and an image")
    ports = frozenset((int(inside), int(outside)) for inside, outside in (given.get("ports") or {}).items())
    known = {key: str(given.get(key) or "") for key in ("instance", "image", "volume")}
    return Environment(name, ports=ports, own_ports=_stretch(given.get("own_ports")), **known)


def _stretch(text: Any) -> range:
    """The ports of “18100-18999”; none where there is nothing."""
    first, _, last = str(text or "1-0").partition("-")
    return range(int(first), int(last) + 1)


def _folder(text: str) -> PurePosixPath:
    folder = PurePosixPath(text)
    if not folder.is_absolute() or ".." in folder.parts or len(folder.parts) < 3:
        raise ValueError(f"{text} is not a folder at least two below the root")
    return folder
