"""Why a file is not adopted; a module of its own, because the program behind bars knows nothing else of smsops."""


class Refused(Exception):
    """The file is not adopted; one sentence says why."""
