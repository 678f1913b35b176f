"""Single sign-on: what is believed of a provider's token, whose it is, and which roles it brings.

mozilla-django-oidc speaks the protocol (code flow with state, nonce and PKCE); what it does not check is checked here:
issuer, audience, lifetime, and that both answers are about the same person.
"""

from __future__ import annotations

import logging
from typing import Any

import jwt
import requests
from django.conf import settings
from django.contrib.auth.models import Group, User
from django.core.exceptions import SuspiciousOperation
from django.db import transaction
from django.http import HttpRequest
from mozilla_django_oidc.auth import OIDCAuthenticationBackend

from smsops import signals
from smsops.errors import OpsError
from smsops.models import Identity
from smsops.signin import provider

log = logging.getLogger(__name__)
CLAIMS = ["iss", "sub", "aud", "exp", "iat"]
LEEWAY = 30  # seconds that two clocks may differ by
Claims = dict[str, Any]


class Backend(OIDCAuthenticationBackend):  # type: ignore[misc]
    """Signs people in whom the provider vouches for."""

    OIDC_RP_SIGN_ALGO, OIDC_RP_IDP_SIGN_KEY = "RS256", None
    OIDC_OP_TOKEN_ENDPOINT = property(lambda self: provider.endpoint("token_endpoint"))
    OIDC_OP_USER_ENDPOINT = property(lambda self: provider.endpoint("userinfo_endpoint"))
    OIDC_OP_JWKS_ENDPOINT = property(lambda self: provider.endpoint("jwks_uri"))
    OIDC_RP_CLIENT_ID = property(lambda self: settings.SMSOPS_OIDC_CLIENT_ID)
    OIDC_RP_CLIENT_SECRET = property(lambda self: settings.SMSOPS_OIDC_CLIENT_SECRET)

    def __init__(self) -> None:
        """Every check of a permission makes a backend: nothing may be asked for here."""
        self.UserModel = User

    def authenticate(self, request: HttpRequest | None, **credentials: Any) -> User | None:
        """The person, or nobody: whatever is wrong with an answer is in the log, and told to nobody."""
        if "nonce" not in credentials:  # it is a password that is to be checked
            return None
        try:
            found: User | None = super().authenticate(request, **credentials)
        except (
            SuspiciousOperation,
            requests.RequestException,
            jwt.PyJWTError,
            OpsError,
            ValueError,
            KeyError,
        ) as error:
            log.warning("single sign-on refused: %s: %s", type(error).__name__, error)
            return None
        return found if found is not None and found.is_active else None

    def _verify_jws(self, payload: str, key: Any) -> Claims:
        """The claims of a token that the provider signed, for us, and that is not too old."""
        try:
            claims: Claims = jwt.decode(
                payload, key, algorithms=["RS256"], audience=settings.SMSOPS_OIDC_CLIENT_ID,
                issuer=settings.SMSOPS_OIDC_ISSUER, leeway=LEEWAY, options={"require": CLAIMS},
            )  # fmt: skip
        except jwt.InvalidTokenError as error:
            raise SuspiciousOperation(f"the token is not valid: {error}") from error
        party = claims.get("azp", settings.SMSOPS_OIDC_CLIENT_ID)
        if party != settings.SMSOPS_OIDC_CLIENT_ID:
            raise SuspiciousOperation("the token was made for another party")
        return claims

    def verify_token(self, token: str, **more: Any) -> Claims:
        if jwt.get_unverified_header(token).get("alg") != self.OIDC_RP_SIGN_ALGO:
            raise SuspiciousOperation("the token is not signed as it must be")
        claims: Claims = super().verify_token(token, **more)
        if "nonce" in more:  # of the token of the sign-in, not of what is told of the person
            self.request.oidc_claims = claims
        return claims

    def get_userinfo(self, access_token: str, id_token: str, payload: Claims) -> Claims:
        """What the provider says of the person, together with what its token says."""
        told: Claims = super().get_userinfo(access_token, id_token, payload)
        if told.get("sub") != payload["sub"]:
            raise SuspiciousOperation("the provider speaks of somebody else")
        return {**payload, **told, "sub": payload["sub"]}

    def verify_claims(self, claims: Claims) -> bool:
        """An address that nobody proved to be theirs could be anybody's."""
        return bool(claims.get("email")) and claims.get("email_verified") in (True, "true")

    def filter_users_by_claims(self, claims: Claims) -> list[User]:
        """The person this account was linked to, or else those with its address whom no other account of theirs was
        linked to: addresses are given to others when somebody leaves."""
        known = Identity.objects.select_related("user").filter(**_identity(claims)).first()
        if known:
            return [known.user]
        # A database takes other letters for the same, an i without its dot for an i: such an address is not theirs.
        wanted, found = claims["email"].casefold(), User.objects.filter(email__iexact=claims["email"])
        strangers = found.exclude(identities__issuer=settings.SMSOPS_OIDC_ISSUER)
        return [user for user in strangers if user.email.casefold() == wanted]

    def create_user(self, claims: Claims) -> User:
        """Somebody new, who gets in only if a group of theirs brings a role."""
        names = (str(claims.get("preferred_username") or ""), str(claims["email"]))
        free = [each[:150] for each in names if each and not User.objects.filter(username=each[:150]).exists()]
        if not free:
            raise SuspiciousOperation("the name is taken by somebody else")
        return self.update_user(User.objects.create_user(free[0], email=claims["email"]), claims)

    @transaction.atomic
    def update_user(self, user: User, claims: Claims) -> User:
        """Link the account, and bring the roles in line with the provider's groups."""
        if Identity.objects.get_or_create(**_identity(claims), defaults={"user": user})[1]:
            signals.identity_linked.send(Identity, user=user, issuer=settings.SMSOPS_OIDC_ISSUER)
        granted = roles(claims)
        for group in Group.objects.filter(name__in=settings.SMSOPS_OIDC_ROLES.values()):
            (user.groups.add if group.name in granted else user.groups.remove)(group)
        if granted and not user.is_staff:
            user.is_staff = True
            user.save(update_fields=["is_staff"])
        return user


def roles(claims: Claims) -> set[str]:
    """The roles that the groups in the claim bring (SMSOPS_OIDC_ROLES); without the claim none."""
    told = claims.get(settings.SMSOPS_OIDC_GROUPS_CLAIM) or []
    groups = [told] if isinstance(told, str) else [each for each in told if isinstance(each, str)]
    return {role for group, role in settings.SMSOPS_OIDC_ROLES.items() if group in groups}


def _identity(claims: Claims) -> dict[str, str]:
    return {"issuer": settings.SMSOPS_OIDC_ISSUER, "subject": str(claims["sub"])[:255]}
