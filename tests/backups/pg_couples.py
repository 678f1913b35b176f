"""A live PostgreSQL database and its mirror of an earlier moment: compared, and rows put back."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from backups.engines import recovery
from backups.engines.picks import Chosen
from backups.engines.plans import RecoveryPlan, dump, load
from backups.engines.postgres import mirror, putting
from backups.engines.putting import PutBack
from backups.engines.rows import Kind, TableDifference, differences
from smsops.environments.database_url import DatabaseUrl
from tests.backups.clusters import Cluster
from tests.backups.couples import nothing

GONE = {"students": [Kind.REMOVED]}
TYPED = """
CREATE TYPE mood AS ENUM ('sad', 'fine'); CREATE DOMAIN positive AS int CHECK (VALUE > 0);
CREATE TYPE place AS (street text, number int);
CREATE TABLE typed (
    id bigserial PRIMARY KEY, d date, t time, ts timestamp, tz timestamptz, i interval, n numeric, n2 numeric(12, 4),
    f float8, r real, b boolean, j json, jb jsonb, a int[], ta text[], by bytea, u uuid, ip inet, e mood, p positive,
    c place, ra int4range, x xml, v varchar(5), ch char(4), bits bit(3), m money, s text);
INSERT INTO typed VALUES (9007199254740993, '0044-03-15 BC', '24:00', 'infinity', '2026-03-29 03:30+02', '-1 mon 1 day',
    1.10, 12345678.1000, 0.1 + 0.2, '1e-40', true, '{"b":1,  "a":[1.0]}', '{"b": 1.00, "a": null}', '{{1,NULL},{3,4}}',
    array['a,b', 'quote " and \\ ', '', NULL, 'NULL'], '\\x00ff5c', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11',
    '192.168.0.0/24', 'fine', 7, ROW('High, St "1"', NULL), '[1,5)', '<a>&lt;</a>', 'äöüßé', 'x', B'101', 12.34,
    E'tab\\there\\nline \\\\N \\\\. Ωμέγα');
INSERT INTO typed (id, f, r, n, s) VALUES (2, 'NaN', '-Infinity', 'NaN', ''), (3, -0.0, 0.1, 1e30, NULL);
"""
FAMILY = """
CREATE TABLE parent (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name text UNIQUE, deleted_at timestamp);
CREATE TABLE child (id serial PRIMARY KEY, parent int REFERENCES parent, note text, twice text GENERATED ALWAYS AS
    (note || note) STORED);
CREATE TABLE one (id int PRIMARY KEY, other int); CREATE TABLE other (id int PRIMARY KEY, one int REFERENCES one);
ALTER TABLE one ADD FOREIGN KEY (other) REFERENCES other;
INSERT INTO parent (name) VALUES ('a'), ('b'); INSERT INTO child (parent, note) VALUES (1, 'x'), (2, 'y'), (1, 'z');
INSERT INTO one VALUES (1, NULL); INSERT INTO other VALUES (1, 1); UPDATE one SET other = 1;
"""


@dataclass
class Couple:
    """A live database, and its mirror of an earlier moment."""

    server: Cluster
    url: DatabaseUrl
    folder: Path

    @property
    def then(self) -> Path:
        return self.folder / "then.db"

    def remember(self) -> None:
        mirror.make(self.url, self.then)

    def execute(self, statements: str) -> list[tuple[object, ...]]:
        return self.server.execute(self.url.name, statements)

    def now(self) -> Path:
        mirror.make(self.url, self.folder / "now.db")
        return self.folder / "now.db"

    def difference(self, table: str) -> TableDifference:
        return next(each for each in differences(self.then, self.now()) if each.table == table)

    def counts(self, table: str) -> tuple[int, int, int, int]:
        found = self.difference(table)
        return found.added, found.removed, found.changed, found.hidden

    def plan(self, chosen: Chosen, *children: str) -> RecoveryPlan:
        return load(json.loads(json.dumps(dump(recovery.plan(self.then, self.now(), chosen, children=children)))))

    def put(self, plan: RecoveryPlan, guard: Callable[[], None] = nothing) -> list[PutBack]:
        return putting.put_back(plan, self.then, self.url, guard)
