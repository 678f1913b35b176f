"""Members of staff."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import Permission, User

from tests.factories.words import unique


def make_user(*permissions: str, **fields: Any) -> User:
    """A member of staff with these permissions (`app.codename`), all of them looked up; the password is “secret”."""
    user = User.objects.create_user(fields.pop("username", unique("user-")), password="secret")
    for name, value in {"is_staff": True, **fields}.items():
        setattr(user, name, value)
    user.save()
    for permission in permissions:
        app, codename = permission.split(".")
        user.user_permissions.add(Permission.objects.get(content_type__app_label=app, codename=codename))
    return user


def make_viewer() -> User:
    """A member of staff who may look at everything and change nothing."""
    user = make_user()
    user.user_permissions.set(Permission.objects.filter(codename__startswith="view_"))
    return user


def make_admin() -> User:
    """A superuser."""
    return make_user(is_superuser=True)
