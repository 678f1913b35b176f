"""Rotation of SMS's SECRET_KEY on real installations: proven, or taken back, and the key never seen."""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.core import serializers
from django.apps import apps
from django.db import connection

from deployments.models import ConfigSnapshot
from deployments.services import config, key_changes, rotations
from deployments.steps.old_session import OldSession
from smsops import envfile, secret_keys
from smsops.http import ask
from smsops.models import Run, RunState
from smsops.runs.plan import By
from tests.places import ADMIN, SECRET_KEY, Place, drive, patient

BY = By(name="test", reason="it leaked")


@pytest.fixture
def place(place: Place) -> Place:
    return patient(place)


@pytest.fixture
def process_place(process_place: Place) -> Place:
    return patient(process_place)


def rotate(place: Place) -> Run:
    return drive(rotations.start(place.environment, BY))


def key_of(place: Place) -> str:
    return envfile.read(str(place.env_file))["SECRET_KEY"]


def session(place: Place) -> OldSession:
    """Somebody who signed in just now."""
    account = {"email": ADMIN[0], "password": ADMIN[1]}
    answer = ask(place.environment.base_url, "/api/v1/auth/login", method="POST", payload=account)
    return OldSession(answer.json()["access_token"])


def accepted(place: Place, who: OldSession) -> int:
    return who.ask(place.environment.base_url).code


def in_step(place: Place) -> bool:
    """Whether SMS runs with the key that the env file has."""
    running = key_changes.running_key(place.environment, place.runtime)
    return place.serving() and running == config.fingerprint(key_of(place))


def test_a_rotation_ends_every_session_and_lets_people_in_again(place: Place) -> None:
    place.deploy("1.18.1")
    somebody = session(place)
    assert accepted(place, somebody) == 200
    run = rotate(place)
    assert run.state == RunState.SUCCEEDED, run.headline
    assert key_of(place) != SECRET_KEY
    assert not secret_keys.weakness(key_of(place))
    assert in_step(place)
    assert (accepted(place, somebody), accepted(place, session(place))) == (401, 200)
    assert place.running_version() == "1.18.1"
