"""One object of every kind, every address of the admin, and one person in each role.

Pages that are new belong into `PAGES` (by the name of the address): how to get there, and the right that shows it.
Models and buttons that are new are in the lists of tests/admin (MAKE in test_viewers.py, DOORS in doors.py) already.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from django.contrib import admin
from django.contrib.auth.models import Permission, User
from django.db.models import Model
from django.urls import URLPattern, URLResolver, reverse
from django.utils import timezone

from docs.roles import rights
from incidents.models import Evidence
from smsops import roles
from tests.admin.test_viewers import MAKE
from tests.factories import (
    make_config_snapshot,
    make_environment,
    make_incident,
    make_postmortem,
    make_run,
    make_user,
)

NOBODY, STRANGER = "nobody", "staff without a role"  # not signed in; signed in
PERSONS = (NOBODY, STRANGER, *roles.ROLES)
LOOKERS = (roles.VIEWER, roles.AUDITOR)


def person(name: str) -> User | None:
    """Somebody in that role, with the rights the table gives it."""
    if name == NOBODY:
        return None
    user = make_user()
    if name in roles.ROLES:
        user.user_permissions.set(_permissions(held(name)))
    return user


def held(name: str) -> frozenset[str]:
    """The rights somebody has."""
    return roles.may(name, rights()) if name in roles.ROLES else frozenset()


def _permissions(wanted: frozenset[str]) -> list[Permission]:
    known = Permission.objects.select_related("content_type")
    return [each for each in known if f"{each.content_type.app_label}.{each.codename}" in wanted]


def right(verb: str, model: type[Model]) -> str:
    return f"{model._meta.app_label}.{verb}_{model._meta.model_name}"


@dataclass(frozen=True)
class Place:
    """A page of no model's own: where it is, and the right that shows it. `refusal` is what others get."""

    address: Callable[[], str]
    right: str = ""  # empty: for everybody who is signed in as staff
    refusal: int = 403


def _at(name: str, *args: Callable[[], Any]) -> Callable[[], str]:
    return lambda: reverse(f"admin:{name}", args=[each() for each in args])


def _named(name: str, *more: Any) -> Callable[[], str]:
    return lambda: reverse(f"admin:{name}", args=[make_environment().name, *more])


def _evidence() -> str:
    incident = make_incident()
    Evidence.objects.create(incident=incident, name="log.txt", path="/nowhere", sha256="a" * 64)
    return reverse("admin:incidents_incident_evidence", args=[incident.pk, "log.txt"])


def _version() -> str:
    found = make_postmortem(state="approved", texts={"cause": "A full disk."}, version=1)
    version = found.versions.create(number=1, texts={"cause": "A full disk."})
    return reverse("admin:incidents_postmortem_version", args=[found.pk, version.pk])


PAGES: dict[str, Place] = {
    "index": Place(_at("index")),
    "password_change": Place(_at("password_change")),
    "password_change_done": Place(_at("password_change_done")),
    "jsi18n": Place(_at("jsi18n")),
    "app_list": Place(lambda: reverse("admin:app_list", args=["smsops"]), "smsops.view_environment", 404),
    "auth_user_password_change": Place(_at("auth_user_password_change", lambda: make_user().pk), "auth.change_user"),
    "smsops_run_live": Place(_at("smsops_run_live", lambda: make_run().pk), "smsops.view_run", 404),
    "smsops_auditentry_export": Place(_at("smsops_auditentry_export", lambda: "csv"), "smsops.view_auditentry"),
    "backups_moments": Place(_at("backups_moments", lambda: make_environment().pk), "smsops.view_environment"),
    "backups_vault": Place(_at("backups_vault", lambda: make_environment().pk), "backups.view_backup"),
    "deployments_config_diff": Place(
        _at("deployments_config_diff", lambda: make_config_snapshot().pk), "deployments.view_configsnapshot"
    ),
    "incidents_incident_evidence": Place(_evidence, "incidents.view_incident"),
    "incidents_incident_clock": Place(
        _at("incidents_incident_clock", lambda: make_incident().pk), "incidents.view_incident", 404
    ),
    "incidents_postmortem_export": Place(
        _at("incidents_postmortem_export", lambda: make_postmortem().pk, lambda: "md"), "incidents.view_postmortem", 404
    ),
    "incidents_postmortem_version": Place(_version, "incidents.view_postmortem", 404),
    "incidents_objectives": Place(_at("incidents_objectives"), "incidents.view_incident"),
    "incidents_objectives_of": Place(_named("incidents_objectives_of"), "incidents.view_incident"),
    "incidents_objectives_month": Place(
        _named("incidents_objectives_month", f"{timezone.now():%Y-%m}"), "incidents.view_incident"
    ),
    "incidents_search": Place(_at("incidents_search"), "incidents.view_incident"),
    "incidents_dashboard_live": Place(_at("incidents_dashboard_live"), "smsops.view_environment"),
    "incidents_dashboard_later": Place(_at("incidents_dashboard_later"), "smsops.view_environment"),
    "incidents_dashboard_of": Place(_named("incidents_dashboard_of"), "smsops.view_environment"),
    "incidents_dashboard_of_live": Place(_named("incidents_dashboard_of_live"), "smsops.view_environment"),
    "incidents_dashboard_of_later": Place(_named("incidents_dashboard_of_later"), "smsops.view_environment"),
    "incidents_runbook": Place(_at("incidents_runbook"), "smsops.view_environment"),
    "incidents_runbook_of": Place(_named("incidents_runbook_of"), "smsops.view_environment"),
    "incidents_runbook_general_note": Place(
        _at("incidents_runbook_general_note", lambda: "1"), "incidents.write_runbook"
    ),
    "incidents_runbook_note": Place(_named("incidents_runbook_note", "1"), "incidents.write_runbook"),
    "backups_first_run": Place(_at("backups_first_run"), "smsops.add_environment"),
    "backups_first_run_describe": Place(_at("backups_first_run_describe"), "smsops.add_environment"),
    "backups_first_run_of": Place(_named("backups_first_run_of"), "smsops.add_environment"),
    "backups_first_run_live": Place(_named("backups_first_run_live"), "smsops.add_environment"),
    "sign_ins": Place(_at("sign_ins")),
    "signed_in": Place(_at("signed_in")),
    "own_settings": Place(_at("own_settings")),
    "people_sign_ins": Place(_at("people_sign_ins"), "smsops.manage_signin"),
    "people_sign_ins_do": Place(
        _at("people_sign_ins_do", lambda: make_user().pk, lambda: "unlock"), "smsops.manage_signin"
    ),
    "smsops_api": Place(_at("smsops_api")),
    "smsops_my_tokens": Place(_at("smsops_my_tokens")),
}  # fmt: skip
# For everybody, or only a way to somewhere else.
WAYS = frozenset({"login", "logout", "autocomplete", "view_on_site"})
# Steps of signing in, tried in tests/signin: they are for whoever is on that way, with whatever role.
WAYS |= {"login_code", "login_device", "login_device_picture", "oidc_begin", "oidc_callback", "proof"}
OF_MODELS = ("changelist", "add", "history", "delete", "change", "do", "do_all")


def names() -> Iterator[str]:
    """The names of all addresses of the admin but those every model has."""
    own = {f"{m._meta.app_label}_{m._meta.model_name}_{verb}" for m in admin.site._registry for verb in OF_MODELS}
    for pattern in _patterns(admin.site.get_urls()):
        if pattern.name and pattern.name not in own | WAYS:
            yield pattern.name


def _patterns(found: list[URLPattern | URLResolver]) -> Iterator[URLPattern]:
    for each in found:
        if isinstance(each, URLResolver):
            yield from _patterns(each.url_patterns)
        else:
            yield each


def one_of(model: type[Model]) -> Any:
    """An object of this kind."""
    return MAKE[model]()
