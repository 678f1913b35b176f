"""Off-site vaults are cleared of what the retention let go of here, where that is wanted, and counted each day."""

from __future__ import annotations

import os
from datetime import date, timedelta
from itertools import count
from pathlib import Path

import pytest
from django.utils import timezone

from backups import selectors
from backups.models import Backup, LetGo, LogFollowing, OffsiteVault
from backups.services import housekeeping, offsite, offsite_sizes, offsite_tidying, rescues
from backups.vault.remote import Site
from backups.wal.parts import Part
from smsops.errors import WrongUse
from smsops.models import Run, RunState
from tests.backups.servers import moto
from tests.backups.test_offsite import BY, copied, elsewhere, taken
from tests.backups.test_replication import RIGHTS, poor
from tests.places import Place, drive

GENERATION = "000001-20260301T000000Z-abcdef"


@pytest.fixture
def away(process_place: Place, tmp_path: Path) -> OffsiteVault:
    """A mounted folder that is to be cleared."""
    (tmp_path / "mount").mkdir()
    return elsewhere(process_place, Site("folder", str(tmp_path / "mount")), tidy=True)


def two(place: Place) -> tuple[Backup, Backup]:
    return taken(place), taken(place)


def let_go(backup: Backup, days: int = 30) -> None:
    """As the retention does, so many days ago."""
    backup.pinned = False
    LetGo.objects.create(
        environment=backup.environment, identifier=backup.identifier, at=timezone.now() - timedelta(days=days)
    )
    selectors.vault_of(backup.environment).discard(backup.identifier)
    Backup.objects.filter(pk=backup.pk).delete()


def age(vault: OffsiteVault, days: int = 30) -> Path:
    """Let everything there be so old; its folder."""
    root = Path(vault.bucket) / vault.environment.name
    when = (timezone.now() - timedelta(days=days)).timestamp()
    for path in root.rglob("*.*"):
        os.utime(path, (when, when))
    return root


def there(vault: OffsiteVault) -> list[str]:
    root = Path(vault.bucket) / vault.environment.name
    return sorted(path.stem for path in (root / "backups").iterdir())


def cleared(vault: OffsiteVault) -> Run:
    run = drive(offsite_tidying.request(vault, BY))
    vault.refresh_from_db()
    assert run.state == RunState.SUCCEEDED, run.headline
    return run


def test_what_the_retention_let_go_of_goes_there_after_its_grace(away: OffsiteVault, process_place: Place) -> None:
    first, second = two(process_place)
    copied(away)
    age(away)
    let_go(first)
    assert "1 backup, " in cleared(away).headline
    assert there(away) == [second.identifier]


def test_until_then_it_stays(away: OffsiteVault, process_place: Place) -> None:
    first, second = two(process_place)
    copied(away)
    age(away)
    let_go(first, days=6)
    cleared(away)
    assert there(away) == sorted([first.identifier, second.identifier])


def test_tidying_up_here_writes_down_what_may_go_there(away: OffsiteVault, process_place: Place) -> None:
    first, second = two(process_place)
    Backup.objects.filter(pk=first.pk).update(taken_at=timezone.now() - timedelta(days=4000))
    housekeeping.tidy(process_place.environment, lambda: None)
    assert [row.identifier for row in LetGo.objects.all()] == [first.identifier]
    assert not Backup.objects.filter(pk=first.pk).exists()
    assert Backup.objects.get() == second


def test_after_the_loss_of_vault_and_catalogue_nothing_there_is_removed(
    away: OffsiteVault, process_place: Place
) -> None:
    first, second = two(process_place)
    copied(away)
    age(away)
    vault = selectors.vault_of(process_place.environment)
    for backup in (first, second):
        vault.discard(backup.identifier)
    Backup.objects.all().delete()
    offsite_tidying.tidy(away, lambda: None)
    assert there(away) == sorted([first.identifier, second.identifier])


@pytest.mark.parametrize("why", ["pinned", "needed", "here"])
def test_what_is_wanted_again_stays(
    away: OffsiteVault, process_place: Place, why: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, _ = two(process_place)
    copied(away)
    age(away)
    let_go(first)
    rescues.reindex(away)
    if why == "needed":
        monkeypatch.setattr(housekeeping, "_NEEDS", [lambda environment: {first.identifier: "an incident"}])
    else:
        Backup.objects.filter(identifier=first.identifier).update(**{why: True})
    assert offsite_tidying.going(away) == set()
    assert offsite_tidying.preview(away).backups == []


def test_a_backup_that_is_nowhere_any_more_has_no_card(away: OffsiteVault, process_place: Place) -> None:
    first, second = two(process_place)
    copied(away)
    age(away)
    let_go(first)
    rescues.reindex(away)
    assert Backup.objects.count() == 2
    cleared(away)
    assert Backup.objects.get() == second


def test_where_it_is_not_wanted_nothing_goes_and_it_is_said(away: OffsiteVault, process_place: Place) -> None:
    first, _ = two(process_place)
    OffsiteVault.objects.update(tidy=False)
    away.refresh_from_db()
    copied(away)
    age(away)
    let_go(first)
    with pytest.raises(WrongUse, match="Nothing is ever removed from away"):
        offsite_tidying.plan(away)
    offsite_tidying.tidy(away, lambda: None)
    assert len(there(away)) == 2


def test_credentials_that_may_not_remove_are_told_in_a_sentence_and_are_no_failure(
    process_place: Place, tmp_path: Path
) -> None:
    with moto(tmp_path, INITIAL_NO_AUTH_ACTION_COUNT="5") as site:
        vault = elsewhere(process_place, poor(site, RIGHTS), tidy=True)
        first, _ = two(process_place)
        copied(vault)
        let_go(first)
        vault.grace_days = -1  # S3 dates what comes there itself
        said = offsite_tidying.tidy(vault, lambda: None).stays
    assert said == ["The credentials there may not remove anything, so it stays."]


def test_locked_files_are_told_in_a_sentence(process_place: Place, moto_site: Site) -> None:
    vault = elsewhere(process_place, moto_site, tidy=True, prefix=process_place.name, lock_days=3)
    first, _ = two(process_place)
    copied(vault)
    let_go(first)
    vault.grace_days = -1
    found = offsite_tidying.tidy(vault, lambda: None)
    assert "Still locked, and left there until that ends: 1 file." in offsite_tidying.told(found, done=True)


def test_commits_older_than_they_are_kept_go_after_the_grace(away: OffsiteVault, process_place: Place) -> None:
    taken(process_place)
    copied(away)
    LogFollowing.objects.create(environment=process_place.environment, keep_days=7)
    root = Path(away.bucket) / away.environment.name
    for number, days in enumerate((30, 15, 13, 1), 1):
        when = int((timezone.now() - timedelta(days=days)).timestamp() * 1000)
        path = root / Part(GENERATION, number, 0, 1, when).name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")
    age(away)
    cleared(away)
    assert sorted(path.name[:8] for path in root.rglob("*.part")) == ["00000003", "00000004"]


def test_once_a_day_a_run_that_copies_counts_and_clears_as_well(away: OffsiteVault, process_place: Place) -> None:
    taken(process_place)
    first = copied(away)
    assert [step.kind for step in first.steps.all()] == ["offsite.copy", "offsite.tidy"]
    second = copied(away)
    assert [step.kind for step in second.steps.all()] == ["offsite.copy"]
    assert "Every backup is in away" in first.headline


def test_how_much_is_there_and_how_it_grows(away: OffsiteVault, process_place: Place) -> None:
    backup = taken(process_place)
    assert offsite_sizes.text_of(away) == "not counted yet"
    copied(away)
    found = offsite_sizes.of(away)
    assert found is not None
    assert (found.backups >= backup.stored_size, found.commits, found.growth) == (True, 0, None)
    day = date.fromisoformat(away.sizes[-1][0]) - timedelta(days=2)
    away.sizes = [[f"{day:%Y-%m-%d}", found.backups - 2_000_000, 0, 1], *away.sizes]
    assert "1.0 MB more each day" in offsite_sizes.text_of(away)


def test_a_preview_says_what_would_go_and_changes_nothing(away: OffsiteVault, process_place: Place) -> None:
    first, _ = two(process_place)
    copied(away)
    age(away)
    let_go(first)
    assert "1 backup, " in " ".join(offsite_tidying.plan(away).notes)
    assert len(there(away)) == 2
    assert offsite.active(away) is False


def test_what_takes_long_is_done_in_slices_and_counted_together(
    away: OffsiteVault, process_place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    backups = [taken(process_place) for _ in range(4)]
    copied(away)
    age(away)
    for backup in backups[:3]:
        let_go(backup)
    seconds = count()
    monkeypatch.setattr(offsite_tidying, "monotonic", lambda: next(seconds))
    monkeypatch.setattr("backups.steps.offsite.SLICE", 2.5)
    run = offsite_tidying.request(away, BY)
    assert "3 backups, " in drive(run).headline
    assert there(away) == [backups[3].identifier]
