"""The runbook's five playbooks (§5.3), and who may use what. What an operator changed stays as it is."""

from django.apps import apps as installed
from django.contrib.auth.management import create_permissions
from django.db import migrations

DIED = {
    "in": "signs", "points": 3, "why": "it died",
    "pattern": r"(?i)crash loop|SMS died|out of memory|SMS has stopped|It died|killed for memory|instance is exited",
}  # fmt: skip
CHANGES = {"do": "changes"}
SHIPPED = {
    "crash-loop": {
        "title": "Container crash loop", "section": "§5.3.1",
        "symptom": "SMS is started again every few seconds.",
        "signature": [
            DIED,
            {"in": "exit", "pattern": r"^(1|2|3|4|137|139)$", "points": 2, "why": "its exit code"},
            {"in": "oom", "pattern": "yes", "points": 2, "why": "the engine says that memory ran out"},
            {"in": "log", "pattern": r"(?i)ModuleNotFoundError|ImportError|Segmentation fault|MemoryError", "points": 2,
             "why": "its log"},
            {"in": "log", "pattern": r"refusing to start|Migration failed", "points": 1, "why": "its log"},
        ],
        "diagnosis": [
            {"do": "ending"},
            {"do": "log", "title": "Missing libraries", "pattern": r"ModuleNotFoundError|ImportError|No module named",
             "means": "A library is missing or has another version.", "helps": ["rollback_code", "rebuild"]},
            {"do": "log", "title": "Migrations", "pattern": r"Migration failed|Can't locate revision|\[run_migrations\] EXC",
             "means": "Its migrations failed.", "helps": ["rollback_schema", "rollback_code"]},
            {"do": "log", "title": "Refused settings", "pattern": r"refusing to start|SECURITY ISSUE",
             "means": "It refuses what is in the env file.", "helps": ["key_back", "recreate"]},
            {"do": "env_file"}, {"do": "schema"}, CHANGES,
        ],
        "responses": [
            {"do": "more_memory", "when": "It was killed for memory."},
            {"do": "rollback_code", "when": "A library is missing, or the release is broken."},
            {"do": "rollback_schema", "when": "Its migration failed half-way."},
            {"do": "recreate", "when": "The env file was wrong and has been corrected."},
            {"do": "restart", "when": "It died once, of something outside of it."},
        ],
        "fallback": "Roll back to the release before (§4.1).",
    },
    "errors": {
        "title": "API returns 500 on all endpoints", "section": "§5.3.2",
        "symptom": "/health answers 500; the page is blank or an error.",
        "signature": [
            {"in": "health", "pattern": r"HTTP 500", "points": 3, "why": "what it answers"},
            {"in": "signs", "pattern": r"SMS is unhealthy|/health: unhealthy \(HTTP 500", "points": 2, "why": "it calls itself unhealthy"},
            {"in": "log", "pattern": r"Internal Server Error|Traceback|no such (column|table)", "points": 1,
             "why": "its log"},
        ],
        "diagnosis": [
            {"do": "log", "title": "Errors", "pattern": r"(?i)\b(error|exception)\b", "means": "It logs errors.",
             "helps": ["rollback_code"]},
            {"do": "schema"}, {"do": "check", "title": "Migrations", "check": "migrations", "helps": ["upgrade"]},
            {"do": "env_file"}, CHANGES,
        ],
        "responses": [
            {"do": "upgrade", "when": "The schema is older than the release needs."},
            {"do": "rollback_code", "when": "The release itself is broken."},
            {"do": "rollback_schema", "when": "It came with a migration."},
            {"do": "rebuild", "when": "A library of the image is broken."},
            {"do": "recreate", "when": "The env file was wrong and has been corrected."},
        ],
        "fallback": "Roll back to the release before (§4.1).",
    },
    "database": {
        "title": "Database locked, or data cannot be read", "section": "§5.3.3",
        "symptom": "Requests hang; “database is locked”, or the database is damaged.",
        "signature": [
            {"in": "log", "pattern": r"(?i)database is locked", "points": 4, "why": "its log"},
            {"in": "log", "pattern": r"(?i)malformed|not a database|disk I/O error", "points": 4, "why": "its log"},
            {"in": "health", "pattern": r"(?i)locked|malformed|not a database|disk I/O", "points": 4, "why": "what it says"},
            {"in": "signs", "pattern": r"(?i)locked|malformed|quick_check|integrity|damaged", "points": 3, "why": "a sign"},
            {"in": "fact", "pattern": r"integrity_failed|rows_lost", "points": 3, "why": "a fact"},
            {"in": "issue", "pattern": "data", "points": 1, "why": "it is about data"},
        ],
        "diagnosis": [
            {"do": "integrity"}, {"do": "locks"},
            {"do": "log", "title": "Locks in the log", "pattern": r"(?i)database is locked", "means": "It met locks.",
             "helps": ["restart"]},
            {"do": "log", "title": "Damage in the log", "pattern": r"(?i)malformed|not a database|disk I/O error",
             "means": "It met damage.", "helps": ["restore"]},
            CHANGES,
        ],
        "responses": [
            {"do": "restart", "when": "It is locked: a start ends SMS's connections."},
            {"do": "restore", "when": "The integrity check fails."},
        ],
        "fallback": "Restore the newest good backup (§4.2 B).",
    },
    "logins": {
        "title": "Auth failures, JWT token errors", "section": "§5.3.4",
        "symptom": "Logins fail, or every request is answered 401.",
        "signature": [
            {"in": "signs", "pattern": r"(?i)SECRET_KEY|logins? fail|\b401\b|invalid signature|token", "points": 3,
             "why": "a sign"},
            {"in": "log", "pattern": r"(?i)signature verification failed|invalid signature|AUTH_UNAUTHORIZED|\" 401\b",
             "points": 2, "why": "its log refuses tokens"},
        ],
        "diagnosis": [
            {"do": "secret_key"}, {"do": "env_file"},
            {"do": "check", "title": "Clock", "check": "clock"},
            {"do": "check", "title": "Login", "check": "login", "helps": ["rollback_code"]},
            CHANGES,
        ],
        "responses": [
            {"do": "key_back", "when": "SECRET_KEY was changed and nobody meant it."},
            {"do": "recreate", "when": "The env file was corrected by hand."},
            {"do": "rollback_code", "when": "The release signs with something else."},
        ],
        "fallback": "Roll back to the release before (§4.1). A wrong clock is set by NTP on the machine itself.",
    },
    "frontend": {
        "title": "Frontend not loading, 404 on assets", "section": "§5.3.5",
        "symptom": "A blank page, though the API answers.",
        "signature": [
            {"in": "signs", "pattern": r"(?i)\bblank\b|\bassets?\b|bundle|frontend|stylesheet", "points": 3, "why": "a sign"},
            {"in": "log", "pattern": r"GET /assets/\S+ HTTP/[\d.]+\" 404", "points": 3, "why": "its log"},
        ],
        "diagnosis": [
            {"do": "check", "title": "The page's scripts", "check": "bundle", "helps": ["rollback_code", "rebuild"]},
            {"do": "log", "title": "Missing files", "pattern": r"GET /assets/\S+ HTTP/[\d.]+\" 404",
             "means": "Files of the page are missing.", "helps": ["rebuild"]},
            CHANGES,
        ],
        "responses": [
            {"do": "rebuild", "when": "The files are missing from the image."},
            {"do": "rollback_code", "when": "The release came without them."},
        ],
        "fallback": "Roll back to the release before (§4.1). What is before SMS (a proxy) smsops does not see.",
    },
}  # fmt: skip
SAID = ("symptom", "signature", "diagnosis", "responses", "fallback")
GRANTED = {
    "Responder": ("smsops.restart_environment", "incidents.collect_evidence"),
    "Operator": ("smsops.restart_environment", "incidents.collect_evidence"),
    "Ops lead": ("smsops.restart_environment", "incidents.collect_evidence", "incidents.open_personal_evidence",
                 "incidents.add_playbook", "incidents.change_playbook"),
}  # fmt: skip
SEEN = ("playbook", "playbookversion", "playbookact", "triage")


def ship(apps, schema_editor):
    """Add what is not there; a playbook of that key that is there is the operator's."""
    playbooks, versions = apps.get_model("incidents", "Playbook"), apps.get_model("incidents", "PlaybookVersion")
    for key, values in SHIPPED.items():
        row = {"title": values["title"], "section": values["section"]}
        playbook, new = playbooks.objects.get_or_create(key=key, defaults=row)
        if new:
            versions.objects.create(playbook=playbook, number=1, **{name: values[name] for name in SAID})


def take_back(apps, schema_editor):
    """Remove those nobody has changed or used."""
    playbooks = apps.get_model("incidents", "Playbook")
    for playbook in playbooks.objects.filter(key__in=SHIPPED):
        found = list(playbook.versions.all())
        if len(found) == 1 and not found[0].made_by and not found[0].acts.exists():
            playbook.delete()


def grant(apps, schema_editor):
    """Give the groups smsops came with what is new, where they still are there."""
    for name in ("smsops", "incidents"):
        create_permissions(installed.get_app_config(name), verbosity=0, using=schema_editor.connection.alias)
    groups, permissions = apps.get_model("auth", "Group"), apps.get_model("auth", "Permission")
    looks = permissions.objects.filter(content_type__app_label="incidents", codename__in=[f"view_{each}" for each in SEEN])
    for group in groups.objects.filter(name__in=("Viewer", "Responder", "Operator", "Ops lead", "Auditor")):
        group.permissions.add(*looks)
        for word in GRANTED.get(group.name, ()):
            app, _, codename = word.partition(".")
            group.permissions.add(*permissions.objects.filter(content_type__app_label=app, codename=codename))


class Migration(migrations.Migration):
    dependencies = [
        ("incidents", "0006_evidence_and_playbooks"),
        ("smsops", "0011_restart_permission"),
        ("auth", "0012_alter_user_first_name_max_length"),
    ]

    operations = [
        migrations.RunPython(ship, take_back),
        migrations.RunPython(grant, migrations.RunPython.noop),
    ]
