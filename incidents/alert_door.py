"""The door for alerts on the site itself, for installations with one web process (else: intake_site.py)."""

from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from incidents.services import reception


@csrf_exempt
@require_http_methods(["POST", "PUT"])
def receive(request: HttpRequest, kind: str, token: str = "") -> HttpResponse:
    """Whoever has the token may send; there is no session."""
    headers = {name.lower(): value for name, value in request.headers.items()}
    answer = reception.receive(kind, token, headers, request.read)
    return HttpResponse(f"{answer.text}\n", status=answer.status, content_type="text/plain; charset=utf-8")
