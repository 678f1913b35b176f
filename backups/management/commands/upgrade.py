"""`manage.py upgrade`: brings the database up to this version, with a backup of smsops' own rows before."""

from __future__ import annotations

from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from backups.services.own import copies
from smsops.errors import OpsError


class Command(BaseCommand):
    help = "Migrates the database; before anything is migrated, smsops' own rows are backed up."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--without-backup", action="store_true", help="migrate although there is no backup of now")

    def handle(self, *args: Any, **options: Any) -> None:
        executor = MigrationExecutor(connection)
        plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
        if plan and executor.loader.applied_migrations and not options["without_backup"]:
            self._back_up()
        call_command("migrate", interactive=False, verbosity=options["verbosity"])

    def _back_up(self) -> None:
        try:
            manifest = copies.take(copies.UPGRADE)
        except OpsError as error:
            raise CommandError(f"Nothing was migrated, for smsops' own rows were not backed up: {error}") from error
        self.stdout.write(f"smsops' own rows are backed up as they were: {manifest.identifier}.")
