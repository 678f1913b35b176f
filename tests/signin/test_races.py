"""One code that several send at the same moment lets one of them in."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.contrib.auth.models import User
from django.db import connections

from smsops.errors import OpsError
from smsops.signin import devices
from tests.factories import make_admin
from tests.signin.phone import given

pytestmark = pytest.mark.django_db(transaction=True)
AT_ONCE = 6


def let_in(user: User, code: str) -> bool:
    try:
        devices.verify(user, code)
    except OpsError:
        return False
    finally:
        connections.close_all()
    return True


@pytest.mark.parametrize("kind", ["code", "backup code"])
def test_of_several_at_once_one_gets_in(kind: str) -> None:
    user = make_admin()
    phone, codes = given(user)
    shown = phone.code() if kind == "code" else codes[0]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        found = list(pool.map(lambda _: let_in(user, shown), range(AT_ONCE)))
    assert sum(found) == 1
