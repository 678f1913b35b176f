"""News from the kernel: a deploy that ended well is watched, a watch that ended badly is answered.

Receivers may be called again for the same news; each is safe to repeat.
"""

from __future__ import annotations

from typing import Any

from django.dispatch import receiver

from deployments.services import watches
from smsops import signals
from smsops.models import Run


@receiver(signals.run_ended, dispatch_uid="deployments.run_ended")
def on_ended(run: Run, **_: Any) -> None:
    watches.follow(run)
    watches.answer(run)
