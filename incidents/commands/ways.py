"""`ops incident ways`: the recovery clock of an incident, and which way back still fits."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace

from incidents.clock import data, reading, reckoning, words
from incidents.clock.reading import Clock, State
from incidents.clock.ways import Way
from incidents.commands.eyes import eyes, eyes_argument
from incidents.commands.incident import add_acts, find_incident, number_argument
from smsops.ops.output import Output
from smsops.ops.registry import BAD, GOOD, Verb

HEAD = ("", "WAY", "FITS UNTIL", "EXPECTED", "COSTS")


def _arguments(parser: ArgumentParser) -> None:
    number_argument(parser)
    eyes_argument(parser)
    parser.add_argument("--seen", action="store_true", help="as it was seen last, without asking the engine again")


def _ways(args: Namespace, output: Output) -> int:
    incident = find_incident(args.number, eyes(args))
    clock = reading.of(incident, reckoning.look(incident) if incident.live and not args.seen else None)
    _say(clock, output)
    output.data(data.as_data(clock))
    return GOOD if clock.choice.fits or clock.state in (State.SERVES, State.OVER) else BAD


def _say(clock: Clock, output: Output) -> None:
    if clock.state in (State.RUNNING, State.UNDER_WAY):
        output.say(f"{words.head(clock)} {words.since(clock)}")
    told = {
        State.RUNNING: words.too_late(clock),
        State.UNDER_WAY: [f"Under way: {clock.under_way.run.title}." if clock.under_way else "", words.progress(clock)],
        State.SERVES: [words.comeback(clock), words.undone(clock)],
        State.OVER: [words.over(clock)],
    }
    for line in told[clock.state]:
        output.say(line)
    way = clock.choice.way
    if clock.state == State.RUNNING and way is not None:
        output.say(f"Recommended: {way.kind.title}. {clock.choice.reason}")
        output.say(f"  {way.kind.response.typed(clock.incident, way.found)}")
    if clock.ways:
        output.table(HEAD, [_row(clock, each) for each in clock.ways])
        output.say(words.seen(clock))
    for each in clock.taken:
        output.say(f"Done: {each.run.title}, {each.run.get_state_display().lower()}; {each.sentence}")


def _row(clock: Clock, way: Way) -> tuple[str, ...]:
    mark = "->" if way is clock.choice.way else "  "
    if not way.open:
        said = f"{way.found.get('why', '')} {words.problem(way)}".strip()
        return mark, way.kind.title, "not known" if way.open is None else "not open", "-", said
    costs = " ".join([*words.price(way), way.doubt]).strip()
    return mark, way.kind.title, words.at(way.fits_until) if way.fits else "too late", way.expected.text, costs


add_acts(
    Verb("ways", "the ways back, what each costs, and which still fit into the RTO", _arguments, _ways, reads=True)
)
