"""What a running SMS says of itself, and whom it lets in (runbook §2, §3), in terms of what SMS really does."""

from __future__ import annotations

from deployments.checks import answers
from deployments.checks.base import CHECKLIST, Check, Result, Target
from deployments.checks.registry import register
from smsops import health

LOGIN, ME = "/api/v1/auth/login", "/api/v1/auth/me"


@register
class HealthEndpoint(Check):
    key, title, section, stages, order = "health", "Health", "§3", (CHECKLIST,), 10
    always = True

    def run(self, target: Target) -> Result:
        answer = target.ask(health.HEALTH)
        status = health.status_of(answer)
        detail = f"/health says {status} ({answer.describe()}, {answer.seconds * 1000:.0f} ms)."
        if status == "healthy":
            return self.passed(detail)
        said = health.complaints(answer.json())
        if answers.NO_DATABASE in answers.words_of(answer):
            said = ["SMS does not reach its database."]
        return self.failed(" ".join([detail, *said]), "Look into SMS's log.")


@register
class Readiness(Check):
    key, title, section, stages, order = "ready", "Readiness", "§2", (CHECKLIST,), 20

    def run(self, target: Target) -> Result:
        seen = health.look(target.base_url)
        return self.passed("SMS calls itself ready.") if seen.ready else self.failed(f"{seen.detail}.")


@register
class Login(Check):
    key, title, section, stages, order = "login", "Login", "§3", (CHECKLIST,), 60

    def run(self, target: Target) -> Result:
        environment = target.environment
        if not environment.smoke_email:
            return self.skipped("No smoke account is set for this environment.")
        account = {"email": environment.smoke_email, "password": environment.smoke_password}
        answer = target.ask(LOGIN, method="POST", payload=account)
        if not answer.ok:
            why, fix = answers.cause(answer)
            return self.failed(f"No token was issued: {why}.", fix)
        token = health.unwrap(answer.json()).get("access_token")
        if not token:
            return self.failed("The answer has no access token.")
        target.token = token
        me = target.ask(ME)
        if not me.ok:
            why, fix = answers.cause(me)
            return self.failed(f"A token was issued, but {ME} refuses it: {why}.", fix)
        return self.passed("A token was issued and is accepted.")


@register
class Doors(Check):
    """With AUTH_ENABLED=False every check of a login passes, because every caller is an administrator (surprise 19)."""

    key, title, section, stages, order = "auth", "Authentication", "§3", (CHECKLIST,), 65

    def run(self, target: Target) -> Result:
        answer = target.ask(ME, as_nobody=True)
        if answer.code in (401, 403):
            return self.passed("Who has no token is refused.")
        if answer.ok and "email" in health.unwrap(answer.json()):
            said = "Authentication is off: whoever reaches SMS is an administrator, and the login proves nothing."
            return self.warned(said, "Set AUTH_ENABLED=True in the env file and deploy again.")
        return self.skipped(f"Whether SMS asks for a token cannot be told ({answer.describe()}).")
