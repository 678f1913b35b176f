"""`make demo`: the whole story on a bare machine, every line of it really done and measured.

One school, its releases, a worker, beat and web: back up, deploy, break, notice, roll back, lose data, restore. Ends
with exit code 0 only if every verdict was the right one; without `--once` it then serves the admin until Ctrl-C.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
import urllib.request

from demo import repository
from demo.school_client import School
from demo.seeding import Order, make
from demo.stage import ADMIN_EMAIL, FOLDER, Stage
from demo.telling import Line, Story, wait_for


def set_up(stage: Stage) -> Line:
    """A school, its releases, an installation of smsops."""
    stage.clear()
    described = stage.write_files()
    repository.build(stage.folder / "sms" / "repository")
    made = make(Order(stage.folder / "sms" / "data" / "student_management.db", admin=(ADMIN_EMAIL, stage.sms_password)))
    stage.manage("migrate", "--verbosity=0")
    stage.manage(
        "createsuperuser", "--noinput", "--username=admin", "--email=admin@ops.example",
        DJANGO_SUPERUSER_PASSWORD=stage.web_password,
    )  # fmt: skip
    stage.manage("ops", "env", "apply", str(described))
    stage.manage("ops", "releases", "demo", "--import")
    stage.start_processes()
    # A deploy is refused while nobody is there to pass requests on.
    wait_for(lambda: answers(f"http://127.0.0.1:{stage.edge_port}/config/"), "Caddy")
    return Line(True, f"{made['students']:,} students, {made['grades']:,} grades; worker, beat and web are starting.")


def main() -> int:
    parser = argparse.ArgumentParser(description="Plays the story of smsops for real.")
    parser.add_argument("--once", action="store_true", help="end after the story")
    once = parser.parse_args().once
    # A polite kill is an end like any other: everything that was started is ended too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    stage = Stage()
    story = Story()
    print("smsops: the story of one school, played for real\n")
    try:
        story.act("Set up a school and an installation of smsops", lambda: set_up(stage))
        if story.all_right:
            play(story, stage)
        print(f"\n{'Every verdict was the right one.' if story.all_right else 'A VERDICT WAS WRONG; see above.'}")
        if not once:
            serve(stage)
    except KeyboardInterrupt:
        print("\nEnding.")
    finally:
        stage.end()
    return 0 if story.all_right else 1


def play(story: Story, stage: Stage) -> None:
    """The acts after the set-up; they use smsops exactly as a person would, through its services and its worker."""
    import django

    django.setup()
    from demo import acts
    from demo.outage import Outage

    school = School(f"http://127.0.0.1:{stage.sms_port}", stage.sms_password)
    story.act("Deploy 1.18.0, the first release", lambda: acts.deploy("1.18.0", "succeeded"))
    story.act("Back up, store, read back", acts.back_up)
    story.act("Verify that backup with every check SQLite has", acts.verify)
    story.act("Rehearse 1.18.1 on a copy", lambda: acts.rehearse("1.18.1"))
    beside = "Deploy 1.18.1 beside 1.18.0, with 50 requests a second"
    story.act(beside, lambda: acts.deploy_visited("1.18.1", without_stop=True))
    story.act("Roll back at once: 1.18.0 is still warm", acts.roll_back_at_once)
    held = "Deploy 1.19.0, which migrates; requests wait"
    story.act(held, lambda: acts.deploy_visited("1.19.0", without_stop=False))
    story.act("Go back to 1.18.1, with the schema", lambda: acts.go_back_to("1.18.1", "schema"))
    story.act("Deploy 1.20.3, which answers 500 to everything", lambda: acts.deploy_broken("1.20.3"))
    story.act("Roll back to 1.18.0", lambda: acts.go_back_to("1.18.0", "code"))
    story.act("Kill SMS (SIGKILL)", acts.kill)
    story.act("Back up, then delete 200 students through SMS's API", lambda: acts.lose_students(school))
    story.act("Restore the backup", lambda: acts.restore(school))
    story.act("Delete 50 more by mistake; put those rows back while SMS runs", lambda: acts.put_back(school))
    story.act("Follow the log: every commit is kept", acts.follow)
    story.act("Delete 30 more by mistake; go back to the moment before", lambda: acts.go_back(school))
    story.act("A week of backups, accelerated", acts.week_of_backups)
    story.act("Start SMS on a copy of the newest backup, in isolation", acts.test_restore)
    for title, act in Outage().acts():
        story.act(title, act)
    story.act("Ask for the status", acts.status)


def serve(stage: Stage) -> None:
    """Say where to click, and wait."""
    address = f"http://127.0.0.1:{stage.web_port}/"
    wait_for(lambda: answers(address), "the admin")
    print(f"\nThe admin is at {address}\n  user      admin\n  password  {stage.web_password}\nCtrl-C ends everything.")
    signal.pause()


def answers(address: str) -> bool:
    """Whether something is there."""
    try:
        with urllib.request.urlopen(address, timeout=2):
            return True
    except OSError:
        return False


if __name__ == "__main__":
    os.chdir(FOLDER.parents[1])
    sys.exit(main())
