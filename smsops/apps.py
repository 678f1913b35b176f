"""The kernel as a Django app, and the admin with our own site."""

from django.apps import AppConfig
from django.contrib.admin.apps import AdminConfig


class SmsopsConfig(AppConfig):
    name = "smsops"
    verbose_name = "Operations"

    def ready(self) -> None:
        from django.core.signals import request_finished

        from smsops import afterwards, checks, troubles, zones  # noqa: F401
        from smsops.api import me, runs
        from smsops.api import registry as operations
        from smsops.audit import checking, sign_in
        from smsops.ops import approvals, people, registry, verbs
        from smsops.ops import tokens as token_verbs
        from smsops.runbook import by_hand
        from smsops.runbook import registry as runbook
        from smsops.runs import kinds
        from smsops.signin import sessions
        from smsops.switch import beside, gate, instances, sandbox, traffic, warm
        from smsops.webhooks import news  # noqa: F401

        kinds.register(
            instances.CreateCandidate, instances.StopService, instances.PutAside, instances.CommitName,
            instances.StartService, instances.RetireOld, gate.Gate, gate.Steady,
            traffic.HoldTraffic, traffic.PointTraffic, traffic.LeaveEdge, beside.StartBeside, beside.GateBeside,
            warm.LeadToWarm, warm.ExchangeNames, warm.CoolDown,
            sandbox.StartSandbox, sandbox.SandboxGate, sandbox.RemoveSandbox,
        )  # fmt: skip
        registry.add(*verbs.VERBS, *approvals.VERBS, people.VERB, *token_verbs.VERBS)
        sign_in.connect()
        sessions.connect()
        zones.connect()
        operations.add({"token": me.router, "runs": runs.router})
        runbook.add(by_hand.SOURCE)
        troubles.add(checking.TROUBLE)
        request_finished.connect(afterwards.look, dispatch_uid="smsops.afterwards")


class SmsopsAdminConfig(AdminConfig):
    default_site = "smsops.admin.site.OperationsSite"

    def ready(self) -> None:
        super().ready()
        from smsops.admin import (  # noqa: F401
            accounts,
            api,
            audit,
            beat,
            devices,
            environment,
            own_settings,
            people,
            run,
            sign_ins,
            tokens,
            webhooks,
        )  # fmt: skip
