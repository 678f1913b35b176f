"""What answers in front of SMS (D11)."""

from __future__ import annotations

from deployments.checks.base import PRECONDITIONS, Check, Result, Target
from deployments.checks.registry import register
from smsops.edge import kernel
from smsops.edge.registry import edge_for


@register
class EdgeListens(Check):
    """Without it requests could not be led to the new release, and nobody would know before SMS was stopped."""

    key, title, section, stages, order = "edge", "Edge", "§2", (PRECONDITIONS,), 95

    def run(self, target: Target) -> Result:
        edge = edge_for(target.environment)
        if edge is None:
            return self.skipped("SMS has the public port itself.")
        port = edge.pointed()
        if not kernel.hands_over():
            said = "A request may be refused at the moment of the switch: the kernel drops those nobody has taken yet."
            return self.warned(said, f"As root: {kernel.ADVICE}")
        return self.passed(f"It takes orders; requests go to port {port}." if port else "It takes orders.")
