"""The API as Django knows it: its addresses, its schema, and what becomes of errors."""

from __future__ import annotations

import re
from functools import lru_cache, partial
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.urls import URLPattern, path
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_GET
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, HttpError, ValidationError

from smsops.api import doors, problems
from smsops.api.callers import REALM, UNKNOWN
from smsops.api.problems import MEDIA_TYPE, Problem
from smsops.api.registry import ROUTERS
from smsops.errors import OpsError, WrongUse

ROOT = "api/v1"
ABOUT = """Every request needs a token (`Authorization: Bearer smsops_…`), which can do what its scopes and its owner's
permissions allow. POSTs may carry an `Idempotency-Key`: sent again with it, they happen once. Errors are
`application/problem+json`. Runs are answered with 202 and a `Location` to look at until `finished_at` is set."""
EXPECTED = {
    400: "The body is no JSON.",
    401: "No valid token.",
    403: "The token or its owner may not do that.",
    404: "There is no such thing, or none this token may know of.",
    409: "It cannot be done now, or it is being done already.",
    413: "The body is too long.",
    415: "The body is not JSON.",
    422: "Something in the request is wrong.",
    429: "Asked too often.",
    503: "What smsops needs for it is away.",
}
KEY: dict[str, Any] = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$"},
    "description": "With the same key the same request happens once within 24 hours; its answer is given again.",
}


def _answered(request: HttpRequest, error: Exception | type[Exception]) -> HttpResponse:
    """What an error of an operation is answered with; one that nobody expected goes on to the door."""
    if isinstance(error, Problem):
        return error.response
    if isinstance(error, ValidationError):
        said = "; ".join(f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in error.errors)
        return problems.answer(422, said)
    if isinstance(error, AuthenticationError):
        return problems.answer(401, UNKNOWN, REALM)
    if isinstance(error, HttpError):
        return problems.answer(error.status_code, error.message)
    if isinstance(error, Http404):
        return problems.answer(404, "There is no such thing.")
    if isinstance(error, OpsError):
        return _ops(error)
    raise error


def _ops(error: OpsError) -> HttpResponse:
    """What cannot be done now is a conflict; what may work a little later says so."""
    if error.transient and not isinstance(error, WrongUse):
        return problems.answer(503, str(error), {"Retry-After": "10"})
    return problems.answer(409, str(error))


def _made() -> NinjaAPI:
    api = NinjaAPI(
        title="smsops", version="1", description=ABOUT, openapi_url=None, docs_url=None, urls_namespace="api"
    )
    for kind in (ValidationError, HttpError, Problem, Http404, OpsError, Exception):
        api.add_exception_handler(kind, _answered)
    for name, router in ROUTERS.items():
        api.add_router("", router, tags=[name])
    return api


@lru_cache(maxsize=1)
def api() -> NinjaAPI:
    """The API with the operations of every room; made when the first address is asked for."""
    return _made()


@lru_cache(maxsize=1)
def schema() -> dict[str, Any]:
    """What OpenAPI says of it; the same errors may come from every operation."""
    found: dict[str, Any] = dict(api().get_openapi_schema(path_prefix=f"{ROOT}/"))
    for operations in found["paths"].values():
        for method, operation in operations.items():
            _complete(method, operation)
    found["components"]["schemas"]["Problem"] = {
        "type": "object",
        "description": "RFC 9457.",
        "required": ["title", "status", "detail"],
        "properties": {"title": {"type": "string"}, "status": {"type": "integer"}, "detail": {"type": "string"}},
    }
    return found


def _complete(method: str, operation: dict[str, Any]) -> None:
    for status, what in EXPECTED.items():
        content = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
        operation["responses"].setdefault(status, {"description": what, "content": content})
    operation["responses"] = {str(status): told for status, told in sorted(operation["responses"].items())}
    if method == "post":
        operation["parameters"] = [*operation.get("parameters", []), KEY]


@require_GET
@cache_control(max_age=300)
def openapi(request: HttpRequest) -> JsonResponse:
    """The schema, for whoever reaches this site: nothing in it is of an installation."""
    return JsonResponse(schema())


def _questions(route: str, method: str) -> frozenset[str] | None:
    """The words that may be asked at an address, by the schema; None where it does not know the method."""
    path = f"/{ROOT}/" + re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", route)
    told = schema()["paths"].get(path, {}).get(method.lower())
    if told is None:
        return None
    return frozenset(each["name"] for each in told.get("parameters", []) if each["in"] == "query")


def addresses() -> list[URLPattern]:
    """All addresses below `api/v1/`."""
    found: list[URLPattern] = [path("openapi.json", openapi, name="openapi")]
    for pattern in api().urls[0]:
        if isinstance(pattern, URLPattern) and pattern.name != "api-root":
            view = doors.door(pattern.callback, partial(_questions, str(pattern.pattern)))
            found.append(URLPattern(pattern.pattern, view, pattern.default_args, pattern.name))
    return [*found, path("", doors.nothing), path("<path:rest>", doors.nothing)]
