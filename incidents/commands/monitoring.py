"""`ops monitoring`: what to give Prometheus, Alertmanager and Grafana, ready to use here (I15)."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from urllib.parse import urlsplit

from incidents.monitoring import stack
from incidents.monitoring.stack import Site, Sms
from smsops.errors import WrongUse
from smsops.models import Environment
from smsops.ops.output import Output
from smsops.ops.registry import GOOD, Verb

FILES = {
    "prometheus": "prometheus.yml",
    "rules": stack.RULES.name,
    "alertmanager": "alertmanager.yml",
    "grafana": stack.DASHBOARD.name,
}


def _arguments(parser: ArgumentParser) -> None:
    parser.add_argument("what", choices=list(FILES), help="whose configuration")
    parser.add_argument("--address", default="", help="how they reach smsops (SMSOPS_PUBLIC_URL)")
    parser.add_argument("--alertmanager", default=Site.alertmanager, metavar="HOST:PORT", help="where Alertmanager is")
    parser.add_argument("--tokens", default=Site.tokens, metavar="FOLDER", help="where the files with tokens will be")
    parser.add_argument("--to", default="", metavar="EMAIL", help="who is told when smsops itself is silent")


def _monitoring(args: Namespace, output: Output) -> int:
    site = Site(args.address, args.alertmanager, args.tokens.rstrip("/"), args.to)
    where = urlsplit(site.url)
    if where.scheme not in ("http", "https") or not where.hostname:
        raise WrongUse(f"“{site.url}” is no address; write one like https://ops.school.example.")
    output.file(FILES[args.what], _made(args.what, site))
    return GOOD


def _made(what: str, site: Site) -> str:
    if what in ("rules", "grafana"):
        return (stack.RULES if what == "rules" else stack.DASHBOARD).read_text(encoding="utf-8")
    found = [Sms(*row) for row in Environment.objects.values_list("name", "base_url")]
    if what == "prometheus":
        return stack.prometheus(site, found)
    if not found:
        raise WrongUse("There is no environment yet whose alerts could be taken.")
    return stack.alertmanager(site, [each.name for each in found])


MONITORING = Verb(
    "monitoring", "print the configuration of Prometheus, Alertmanager or Grafana", _arguments, _monitoring, reads=True
)
