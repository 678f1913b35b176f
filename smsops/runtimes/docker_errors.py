"""Turns every error of the docker SDK into one of ours, in the operator's words."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

import requests
import urllib3
from docker.errors import APIError, DockerException

from smsops.errors import NameTaken, OpsError, RuntimeUnavailable

F = TypeVar("F", bound=Callable[..., Any])


@contextlib.contextmanager
def translating() -> Iterator[None]:
    """Whatever the SDK raises in the body becomes an OpsError."""
    try:
        yield
    except APIError as error:
        text = str(error.explanation or error)
        if error.status_code == 409 and "is already in use" in text:
            raise NameTaken(text) from error
        if error.status_code == 502:  # the door before the engine does not reach it
            raise RuntimeUnavailable(text.strip()) from error
        raise OpsError(f"Docker refused: {text.strip()}", transient=(error.status_code or 0) >= 500) from error
    except (DockerException, requests.RequestException, urllib3.exceptions.HTTPError, OSError) as error:
        fix = "Check that dockerd runs and that the worker may use its socket."
        raise RuntimeUnavailable("The Docker Engine does not answer.", fix=fix) from error


def translated(method: F) -> F:
    """The same for a whole method; of a generator only its making."""

    @functools.wraps(method)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        with translating():
            return method(*args, **kwargs)

    return wrapper  # type: ignore[return-value]
