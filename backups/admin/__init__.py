"""Backups in the admin. Django finds the pages here."""

from backups.admin import (
    adoption,
    backup,
    drill,
    first_run,
    first_steps,
    moments,
    of_run,
    offsite,
    rows,
    schedule,
    vault,
)
from backups.admin.environment import (
    BackUpNow,
    RestoreLatest,
    RetentionInline,
    TidyUp,
)
from smsops.admin.actions import add_action
from smsops.admin.base import add_inline
from smsops.admin.parts import RunPart, add_page_part, add_part
from smsops.admin.site import add_page
from smsops.models import Environment, Run

add_action(Environment, BackUpNow())
add_action(Environment, RestoreLatest())
add_action(Environment, adoption.Adopt())
add_action(Environment, TidyUp())
add_action(Environment, schedule.PauseBackups())
add_action(Environment, schedule.ResumeBackups())
add_action(Environment, moments.RestoreToMoment())
add_inline(Environment, moments.LogFollowingInline)
add_inline(Environment, schedule.ScheduleInline)
add_inline(Environment, RetentionInline)
first_steps.register()
add_page("backups/moments/<row:pk>/", "backups_moments", moments.page)
add_page("backups/vault/<row:pk>/", "backups_vault", vault.page)
add_page("first-run/", "backups_first_run", first_run.begin)
add_page("first-run/describe/it/", "backups_first_run_describe", first_run.describe)
add_page("first-run/<slug:name>/", "backups_first_run_of", first_run.progress)
add_page("first-run/<slug:name>/live/", "backups_first_run_live", first_run.live)
add_action(Environment, drill.Drill())
add_page_part(Run, of_run.PART)
add_part("drill", RunPart("admin/backups/_drill.html", drill.reported))
add_part("comparison", RunPart("admin/backups/_comparison.html", rows.compared))
add_part("row_preview", RunPart("admin/backups/_rows_plan.html", rows.looked_at))
add_part("row_recovery", RunPart("admin/backups/_rows_plan.html", rows.looked_at))

__all__ = ["backup", "offsite"]
