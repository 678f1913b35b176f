"""A terminal for the guides' pictures: what is typed beside smsops, really run, and what is printed."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from collections.abc import Iterable
from html import escape
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SIZE = (1080, 600)
STYLE = """
body { margin: 0; }
pre { margin: 0; padding: 18px 22px; background: #0c1722; color: #d7e0e8; }
pre { font: 13px/1.55 monospace; white-space: pre-wrap; overflow-wrap: anywhere; }
b { color: #ffd166; }
"""


def page(commands: Iterable[str]) -> str:
    """A page with the commands, each below its prompt, and their answers. One that is refused shows its complaint."""
    told = "\n\n".join(f"<b>$ python manage.py ops {escape(each)}</b>\n{escape(_answer(each))}" for each in commands)
    return f"<!doctype html><meta charset=utf-8><title>Terminal</title><style>{STYLE}</style><pre>{told}</pre>"


def _answer(command: str) -> str:
    argv = [sys.executable, "manage.py", "ops", *shlex.split(command)]
    said = subprocess.run(
        argv, cwd=ROOT, env=os.environ, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )
    return said.stdout.strip()
