"""Errors that an operator is meant to read."""


class OpsError(Exception):
    """Something went wrong that can be said in one clear sentence.

    `transient` tells whether the same attempt may succeed a little later; `fix` is what a person can do about it.
    """

    def __init__(self, message: str, *, transient: bool = False, fix: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.transient = transient
        self.fix = fix

    def __str__(self) -> str:
        return f"{self.message} {self.fix}".strip()


class WrongUse(OpsError):
    """A person asked for something that does not exist or is not allowed now; nothing was changed."""


class RuntimeUnavailable(OpsError):
    """The engine that runs SMS does not answer."""

    def __init__(self, message: str, fix: str = "") -> None:
        super().__init__(message, transient=True, fix=fix)


class NameTaken(OpsError):
    """An instance with this name exists already: the engine refused a second one."""


class DatabaseAway(Exception):
    """smsops' own database went away in the middle; the run goes on from its journal when it is back."""


class LeaseLost(Exception):
    """Another worker took over; whoever gets this must stop at once and write nothing."""
