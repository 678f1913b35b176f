"""The escalation matrix (runbook §5.4) with the response times of §5.1, as policies, teams and a rota without people.

What has one of these names already is an operator's own, and stays; so does a kind of issue that has a policy.
Backwards, what is still as it was made here goes, unless something of the operator's hangs on it.
"""

from django.contrib.auth.management import create_permissions
from django.apps import apps as installed
from django.db import migrations

ROTA = "On-call Ops"
TEAMS = ("CTO", "DB Admin", "Database Specialist", "CISO", "Dev Team Lead")
# Name, kind of issue, and the levels after the first, which is whoever is on call, at once:
# minutes, condition, teams. The runbook's column “Escalate if” is the condition, its column “Final” the teams.
POLICIES = (
    ("Service down", "service", ((15, "unresolved", ("CTO", "DB Admin")),)),
    (
        "Data integrity",
        "data",
        (
            (0, "integrity_failed", ("CTO", "Database Specialist")),
            (0, "unanswered", ("CTO", "Database Specialist")),
        ),
    ),
    ("Security", "security", ((0, "exposure_confirmed", ("CISO", "CTO")), (0, "unanswered", ("CISO", "CTO")))),
    ("Unknown error", "unknown", ((20, "cause_unknown", ("Dev Team Lead",)),)),
)
DEFAULTS = {"least": "medium", "nag_minutes": 5, "rounds": 3, "acknowledged_minutes": 60}
LEAD, RESPONDERS = ("Ops lead",), ("Responder", "Operator", "Ops lead")
LED = ("channel", "escalationpolicy", "override", "policylevel", "rota", "rotamember", "team")


def _rights(apps, schema_editor):
    """Who may change what, by group: whoever answers pages keeps their own contacts, a lead all of it."""
    create_permissions(installed.get_app_config("incidents"), verbosity=0, using=schema_editor.connection.alias)
    found = apps.get_model("auth", "Permission").objects.filter(content_type__app_label="incidents")
    verbs = ("add", "change", "delete")
    groups = apps.get_model("auth", "Group").objects.filter(name__in=RESPONDERS)
    for group in groups.filter(permissions__codename="resolve_incident"):  # else it is an operator's own
        rows = ("contact", *LED) if group.name in LEAD else ("contact",)
        yield group, list(found.filter(codename__in=[f"{verb}_{row}" for verb in verbs for row in rows]))


def add(apps, schema_editor):
    rotas, teams = apps.get_model("incidents", "Rota").objects, apps.get_model("incidents", "Team").objects
    policies = apps.get_model("incidents", "EscalationPolicy").objects
    levels = apps.get_model("incidents", "PolicyLevel").objects
    rota = rotas.get_or_create(name=ROTA)[0]
    named = {name: teams.get_or_create(name=name)[0] for name in TEAMS}
    for name, issue, later in POLICIES:
        if policies.filter(name=name).exists() or policies.filter(environment=None, issue=issue, enabled=True).exists():
            continue
        policy = policies.create(name=name, issue=issue, **DEFAULTS)
        levels.create(policy=policy, position=1).rotas.add(rota)
        for position, (minutes, condition, members) in enumerate(later, start=2):
            level = levels.create(policy=policy, position=position, after_minutes=minutes, condition=condition)
            level.teams.add(*[named[member] for member in members])
    for group, rights in _rights(apps, schema_editor):
        group.permissions.add(*rights)


def _untouched(policy, issue, later):
    """Whether it is what was made here, to the last level."""
    own = {field: getattr(policy, field) for field in DEFAULTS}
    wanted = [(1, 0, "", (ROTA,), ())]
    wanted += [(at, minutes, what, (), tuple(sorted(who))) for at, (minutes, what, who) in enumerate(later, start=2)]
    found = [
        (
            level.position,
            level.after_minutes,
            level.condition,
            tuple(level.rotas.values_list("name", flat=True)),
            tuple(sorted(level.teams.values_list("name", flat=True))),
        )
        for level in policy.levels.order_by("position")
        if not (level.office_hours or level.users.exists() or level.channels.exists())
    ]
    plain = policy.environment_id is None and policy.issue == issue and policy.enabled
    return plain and own == DEFAULTS and found == wanted and policy.levels.count() == len(wanted)


def remove(apps, schema_editor):
    rotas, teams = apps.get_model("incidents", "Rota").objects, apps.get_model("incidents", "Team").objects
    policies = apps.get_model("incidents", "EscalationPolicy").objects
    levels = apps.get_model("incidents", "PolicyLevel").objects
    for name, issue, later in POLICIES:
        for policy in policies.filter(name=name):
            if _untouched(policy, issue, later):
                policy.delete()
    for team in teams.filter(name__in=TEAMS, members=None):
        if not levels.filter(teams=team).exists():
            team.delete()
    for rota in rotas.filter(name=ROTA, places=None, overrides=None):
        if not levels.filter(rotas=rota).exists():
            rota.delete()
    for group, rights in _rights(apps, schema_editor):
        group.permissions.remove(*rights)


class Migration(migrations.Migration):
    dependencies = [
        ("incidents", "0009_paging"),
        ("smsops", "0009_roles"),
        ("auth", "0012_alter_user_first_name_max_length"),
    ]

    operations = [migrations.RunPython(add, remove)]
