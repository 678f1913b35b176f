"""What the databases are called that a run makes beside the live one: its number keeps them apart."""

from __future__ import annotations

from dataclasses import dataclass

LONGEST = 63  # bytes of a name on the server


@dataclass(frozen=True)
class Names:
    """The databases of one run beside the live one."""

    live: str
    run: int

    @property
    def part(self) -> str:
        return self._called("part")

    @property
    def new(self) -> str:
        return self._called("new")

    @property
    def old(self) -> str:
        return self._called("old")

    @property
    def gone(self) -> str:
        return self._called("gone")

    @property
    def hold(self) -> str:
        return self._called("hold")

    @property
    def back(self) -> str:
        return self._called("back")

    def _called(self, kind: str) -> str:
        end = f"_smsops_{self.run}_{kind}"
        return self.live.encode()[: LONGEST - len(end)].decode(errors="ignore") + end
