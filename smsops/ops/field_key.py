"""`ops field-key`: after the field key was exchanged, what is sealed in the rows is sealed with the new one."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from pathlib import Path

from django.conf import settings

from smsops import resealing
from smsops.errors import OpsError, WrongUse
from smsops.ops.output import Output
from smsops.ops.registry import GOOD, Verb
from smsops.text import count_text


def _arguments(parser: ArgumentParser) -> None:
    parser.add_argument("--earlier-file", required=True, help="the file with the field key of before")


def _field_key(args: Namespace, output: Output) -> int:
    try:
        given = Path(args.earlier_file).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise WrongUse(f"The file {args.earlier_file} cannot be read.") from error
    if settings.FIELD_KEY in (given, given.strip()):
        raise WrongUse("That is the field key of now. Put a new one in its place first.")
    count = _resealed(given)
    sealed = count_text(count, "secret was", "secrets were")
    output.say(f"{sealed} sealed anew, and the earlier key opens nothing any more: destroy its copies.")
    output.data({"resealed": count})
    return GOOD


def _resealed(given: str) -> int:
    """A file may end with a line that belongs to the key, or not."""
    if given == given.strip():
        return resealing.reseal(given)
    try:
        return resealing.reseal(given)
    except OpsError:
        return resealing.reseal(given.strip())


VERB = Verb("field-key", "seal the secrets in the rows with the new field key", _arguments, _field_key)
