"""Where a webhook may lead: not into this machine, not into a private network, and only by the address judged."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import HTTPServer
from ipaddress import ip_address
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from smsops.webhooks import posting
from tests.webhooks.receivers import Receiver, _Handler, receiving

INSIDE = [
    "127.0.0.1", "127.8.8.8", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0",
    "224.0.0.1", "::1", "fe80::1", "fd00::1", "::ffff:127.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::",
]  # fmt: skip
OUTSIDE = "93.184.215.14"


def leading(monkeypatch: pytest.MonkeyPatch, *answers: list[str]) -> list[str]:
    """Every name leads to these addresses, one answer after the other; whom was connected to is noted."""
    left, connected = list(answers), list[str]()

    def look_up(*_: Any, **__: Any) -> list[Any]:
        found = left.pop(0) if len(left) > 1 else left[0]
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 0)) for address in found]

    def connect(address: tuple[str, int], **_: Any) -> socket.socket:
        connected.append(address[0])
        raise ConnectionRefusedError

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    monkeypatch.setattr(socket, "create_connection", connect)
    return connected


@pytest.mark.parametrize("address", INSIDE)
def test_a_name_that_leads_inside_is_not_connected_to(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    connected = leading(monkeypatch, [OUTSIDE, address])
    posted = posting.post("https://ops.example/", b"{}", {}, 1)
    assert "private network" in posted.problem
    assert connected == []


@pytest.mark.parametrize("address", INSIDE)
def test_an_address_inside_is_refused_when_it_is_entered(address: str) -> None:
    host = f"[{address}]" if ":" in address else address
    assert "private network" in posting.mistake(f"https://{host}/hooks")


@pytest.mark.parametrize("number", ["2130706433", "0x7f000001", "127.1", "localhost"])
def test_other_ways_to_write_this_machine_lead_nowhere_either(number: str) -> None:
    assert "private network" in posting.post(f"https://{number}/", b"{}", {}, 1).problem


def test_what_was_judged_is_what_is_connected_to(monkeypatch: pytest.MonkeyPatch) -> None:
    connected = leading(monkeypatch, [OUTSIDE], ["127.0.0.1"])
    posting.post("https://ops.example/", b"{}", {}, 1)
    assert connected == [OUTSIDE]


def test_without_the_setting_a_receiver_of_this_machine_hears_nothing() -> None:
    with receiving() as receiver:
        posted = posting.post(receiver.url, b"{}", {}, 1)
    assert (posted.status, receiver.came) == (0, [])
    assert "https" in posted.problem


@pytest.mark.parametrize(
    "url",
    ["", "x", "ftp://a.example/", "https://", "https://a.example:0/", "https://a.example:99999/", "https://u:p@a.example/",
     "https://a.example/\n", "https://a.example/ x", "https://schüle.example/", "javascript:alert(1)", "https://[x/"],
)  # fmt: skip
def test_what_is_no_address_is_refused_when_it_is_entered(url: str) -> None:
    assert posting.mistake(url)


def test_https_outside_is_fine() -> None:
    assert posting.mistake("https://ops.school.example:8443/hooks?a=b") == ""


@pytest.fixture
def secure(tmp_path: Path) -> Iterator[tuple[Receiver, Path]]:
    """A receiver with TLS and a certificate of its own making, and the certificate's file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "receiver")])
    now = datetime.now(UTC)
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(7)
    made = made.not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
    names = x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))])
    signed = made.add_extension(names, critical=False).sign(key, hashes.SHA256())
    file = tmp_path / "receiver.pem"
    plain = serialization.NoEncryption()
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
    file.write_bytes(pem + signed.public_bytes(serialization.Encoding.PEM))
    receiver = Receiver()
    server = HTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"receiver": receiver}))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    receiver.url = f"https://127.0.0.1:{server.server_address[1]}/"
    thread = Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    yield receiver, file
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.usefixtures("inside")
def test_a_certificate_nobody_vouches_for_is_not_accepted(secure: tuple[Receiver, Path]) -> None:
    posted = posting.post(secure[0].url, b"{}", {}, 3)
    assert "certificate" in posted.problem
    assert secure[0].came == []


@pytest.mark.usefixtures("inside")
def test_one_that_is_vouched_for_is(secure: tuple[Receiver, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(secure[1]))
    assert posting.post(secure[0].url, b"{}", {}, 3).good
