"""The door: 2xx once it is stored, 4xx only for what can never be, and who may not send is told nothing."""

from __future__ import annotations

import io
import json
import time
import zlib
from typing import Any

import pytest
from django.db import OperationalError
from django.test import Client

from incidents import intake_site
from incidents.intake import signature
from incidents.models import Alert, Delivery
from incidents.services import digestion, sources
from smsops.models import Environment
from tests.intake.senders import Sender, alert, payload, sender

KEY = "a secret that Grafana knows"
pytestmark = pytest.mark.django_db


def test_what_is_sent_is_stored_as_it_was_and_nothing_else_is_done(prometheus: Sender) -> None:
    body = json.dumps(payload(alert(), unknown={"a": [1]}, version="99")).encode()
    assert prometheus.answer(body) == (202, "Stored.")
    assert zlib.decompress(bytes(Delivery.objects.get().body)) == body
    assert not Alert.objects.exists()


def test_the_site_has_the_same_door(prometheus: Sender) -> None:
    for method in ("post", "put"):
        send = getattr(Client(enforce_csrf_checks=True), method)
        answer = send(f"/alerts/alertmanager/{prometheus.token}", payload(alert()), "application/json")
        assert answer.status_code == 202
    assert Client().get(f"/alerts/alertmanager/{prometheus.token}").status_code == 405
    assert Client().post("/alerts/alertmanager/guessed-guessed-guessed", {}).status_code == 401
    assert Delivery.objects.count() == 2


@pytest.mark.parametrize("token", ["x" * 43, "wrong-but-of-the-right-form"])
def test_a_wrong_token_stores_nothing(prometheus: Sender, token: str) -> None:
    assert prometheus.send(payload(alert()), token=token) == 401
    assert not Delivery.objects.exists()


@pytest.mark.parametrize(("said", "status"), [("Bearer {}", 202), ("bearer  {} ", 202), ("Basic {}", 401), ("{}", 401)])
def test_a_token_may_come_as_a_bearer_token_instead_of_in_the_address(
    prometheus: Sender, said: str, status: int
) -> None:
    body = json.dumps(payload(alert())).encode()
    told = {"HTTP_AUTHORIZATION": said.format(prometheus.token)}
    environ = {"REQUEST_METHOD": "POST", "PATH_INFO": "/alerts/alertmanager", "CONTENT_LENGTH": str(len(body)), **told}
    answers: list[str] = []
    intake_site.serve({**environ, "wsgi.input": io.BytesIO(body)}, lambda status, _: answers.append(status))
    site = Client().post("/alerts/alertmanager", body, content_type="application/json", **told)  # type: ignore[arg-type]
    assert [int(answers[0].split()[0]), site.status_code] == [status] * 2


def test_a_token_is_good_for_one_kind_and_while_it_is_enabled(environment: Environment, prometheus: Sender) -> None:
    stranger = sender(environment, "generic")
    assert prometheus.send(payload(alert()), token=stranger.token) == 401
    type(prometheus.source).objects.update(enabled=False)
    assert prometheus.send(payload(alert())) == 401


def test_a_renewed_token_replaces_the_old_one(prometheus: Sender) -> None:
    assert prometheus.send(payload(alert())) == 202
    new = sources.renew(prometheus.source)
    assert prometheus.send(payload(alert())) == 401
    assert prometheus.send(payload(alert()), token=new) == 202


def test_the_token_itself_is_stored_nowhere(prometheus: Sender) -> None:
    values = type(prometheus.source).objects.values_list().get()
    assert prometheus.token not in map(str, values)


@pytest.mark.parametrize("method", ["GET", "DELETE", "HEAD"])
def test_only_posting_and_putting_is_sending(prometheus: Sender, method: str) -> None:
    assert prometheus.send(payload(alert()), method) == 405


def test_there_is_nothing_else_behind_the_door(prometheus: Sender) -> None:
    prometheus.source.kind = "admin"
    assert prometheus.send(payload(alert())) == 404


@pytest.mark.parametrize("body", [b"", b"not json", b"\x00\xff", b"[1, 2", b'{"no": "alerts"}', b"[" * 100_000])
def test_what_can_never_be_understood_is_told_so_and_shown(prometheus: Sender, body: bytes) -> None:
    status, said = prometheus.answer(body)
    assert status == 400
    assert prometheus.refresh().refused_why == said
    assert not Delivery.objects.exists()


def test_a_body_that_is_too_long_is_heard_out_and_refused(prometheus: Sender, settings: Any) -> None:
    settings.SMSOPS_ALERT_BYTES = 1000
    stream = io.BytesIO(b"x" * 8000)
    environ = {"REQUEST_METHOD": "POST", "PATH_INFO": f"/alerts/alertmanager/{prometheus.token}",
               "CONTENT_LENGTH": "8000", "wsgi.input": stream}  # fmt: skip
    said: list[str] = []
    intake_site.serve(environ, lambda status, _: said.append(status))
    assert said == ["413 Request Entity Too Large"]
    assert stream.read() == b""


def test_a_body_of_the_greatest_length_is_stored(prometheus: Sender, settings: Any) -> None:
    body = json.dumps(payload(alert())).encode()
    settings.SMSOPS_ALERT_BYTES = len(body)
    assert prometheus.send(body) == 202
    assert prometheus.send(body + b" ") == 413


def test_a_body_that_breaks_off_is_not_stored(prometheus: Sender) -> None:
    body = json.dumps(payload(alert())).encode()[:-20]
    assert prometheus.send(body) == 400


def test_what_could_not_be_stored_is_to_be_sent_again(prometheus: Sender, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*_: Any, **__: Any) -> None:
        raise OperationalError("the connection is closed")

    prometheus.send(payload(alert()))
    monkeypatch.setattr(Delivery.objects, "create", away)
    assert prometheus.answer(payload(alert())) == (503, "It could not be stored; send it again.")


def test_a_group_without_alerts_is_stored_too(prometheus: Sender) -> None:
    assert prometheus.send(payload()) == 202
    digestion.digest_all()
    assert Delivery.objects.get().state == "done"


@pytest.fixture
def grafana(environment: Environment) -> Sender:
    return sender(environment, "grafana", secret=KEY)


def grafana_payload() -> bytes:
    return json.dumps(
        {**payload(alert()), "version": "1", "orgId": 1, "title": "[FIRING:1]", "state": "alerting"}
    ).encode()


def test_a_signed_body_is_taken_and_one_with_another_signature_is_not(grafana: Sender) -> None:
    body = grafana_payload()
    right, wrong = signature.sign(KEY, body), signature.sign("guessed", body)
    assert grafana.send(body, x_grafana_alerting_signature=right) == 202
    assert grafana.send(body, x_grafana_alerting_signature=f"sha256={right.upper()}") == 202
    assert grafana.send(body, x_grafana_alerting_signature=wrong) == 401
    assert grafana.send(body + b" ", x_grafana_alerting_signature=right) == 401
    assert grafana.send(body) == 401
    assert "signature" in grafana.refresh().refused_why


def test_where_the_time_is_signed_it_must_be_there_and_about_now(environment: Environment) -> None:
    fresh = sender(environment, "grafana", secret=KEY, timestamp_header="X-Time", signature_header="X-Sig")
    body = grafana_payload()

    def send(stamp: str, signed: str) -> int:
        return fresh.send(body, x_sig=signature.sign(KEY, body, signed), **({"x_time": stamp} if stamp else {}))

    now, hour_ago = str(int(time.time())), str(int(time.time()) - 3600)
    assert send(now, now) == 202
    assert [send(hour_ago, hour_ago), send(now, hour_ago), send("", ""), send("nan", "nan")] == [401] * 4


def test_grafanas_alerts_are_read_like_alertmanagers(grafana: Sender) -> None:
    body = grafana_payload()
    grafana.send(body, x_grafana_alerting_signature=signature.sign(KEY, body))
    digestion.digest_all()
    assert Alert.objects.get().name == "Slow"


def test_json_of_any_shape_is_read_by_the_sources_map(environment: Environment) -> None:
    nagios = sender(environment, "generic", fields_map={"title": "service", "status": "state", "text": "output"})
    assert nagios.send({"service": "disk", "state": "CRITICAL", "output": "91 % full"}) == 202
    assert nagios.send({"service": "disk", "state": "OK"}) == 202
    digestion.digest_all()
    found = Alert.objects.get()
    assert (found.name, found.state, found.times) == ("disk", "resolved", 2)
