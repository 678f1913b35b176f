"""An SMS that is to run and was stopped by nobody.

An engine that is killed leaves its containers running; started anew it stops them first, and then takes that for
somebody's wish: “unless-stopped” does not start them again (Docker's default settings; not with live-restore).
"""

from __future__ import annotations

from smsops.runs.context import Context
from smsops.runs.kinds import Again
from smsops.runtimes.base import Instance, Status
from smsops.switch.service import Service

KILLED = 137  # 128 + SIGKILL
MOST = 3  # times a step starts it again: more often it is not the engine


def started_again(ctx: Context, service: Service) -> bool:
    """Whether SMS, which is to run, had ended although the engine restarts what dies, and was started again."""
    found, times = service.inspect(), int(ctx.memo.get("started_again", 0))
    if found is None or found.status is not Status.EXITED or found.oom_killed or times >= MOST:
        return False
    ctx.remember(started_again=times + 1)
    ctx.guard()
    service.runtime.start(service.name)
    return True


def pause(ctx: Context, service: Service) -> Again | None:
    """What a step that needs SMS answers while SMS does not stand for that reason; None when it may go on."""
    if started_again(ctx, service):
        return Again(0.05, "It had been stopped from outside and is started again.")
    waits = ctx.memo.get("started_again") and ctx.step.open_seconds < ctx.environment.gate_seconds
    if waits and not (seen := service.health()).good:
        return Again(0.25, f"It was started again; {seen.detail}")
    return None


def was_up(ctx: Context, found: Instance) -> bool:
    """Whether SMS runs, or ran when the run was asked for and was stopped by somebody else since."""
    return found.up or (found.finished_at is not None and found.finished_at > ctx.run.created_at)


def how_it_ended(was_up: bool, code: int | None, seconds: int) -> tuple[bool, str]:
    """Whether a stop had to kill it, and a sentence about that. What lay dead already has the exit code of before."""
    if not was_up:
        return False, "It was not running."
    hard = code == KILLED
    return hard, f"It had to be killed after {seconds} s." if hard else "It ended by itself."
