"""A plausible school as rows for the tables of the SMS. The same random seed gives the same school."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, timedelta
from itertools import product
from random import Random
from typing import Any

Row = tuple[object, ...]
Pair = tuple[int, int]

GREEK_FIRST = (
    "Eleni Maria Katerina Sofia Ioanna Despina Anna Vasiliki Georgia Christina Dimitra Kyriaki Andri "
    "Giorgos Dimitris Kostas Yiannis Nikos Andreas Christos Panayiotis Marios Stelios Michalis Petros Loukas"
)
GREEK_LAST = (
    "Papadopoulos Georgiou Ioannou Christodoulou Nikolaou Konstantinou Charalambous Dimitriou Antoniou "
    "Pavlou Michail Loizou Hadjigeorgiou Karageorgis Economou Stylianou Andreou Kyriakou Theodorou Vasiliou"
)
ENGLISH_FIRST = "Emma Olivia Grace Lucy Hannah Alice James Oliver Harry Thomas Daniel Samuel Edward Adam"
ENGLISH_LAST = "Walker Bennett Clarke Hughes Foster Marsh Turner Palmer Whitfield Barnes Holland Reeves"
SUBJECTS = (
    "Workshop Practice/Electrical Circuits/Engine Technology/Technical Drawing/Applied Mathematics/Physics/"
    "Programming/Vehicle Diagnostics/Chassis Systems/Hybrid Drives/Materials/English"
)
CATEGORIES = ("Homework", "Quiz", "Project", "Midterm", "Final")
STATUSES = ("Present",) * 17 + ("Absent", "Late", "Excused")
DAILY = ("Participation", "Preparation", "Teamwork", "Safety")
SCORES = (5.0, 6.5, 8.0, 9.5)
REMARKS = (
    "Helped a classmate with the wiring",
    "Very careful work at the bench",
    "Asks good questions",
    "Needs to prepare before the lesson",
    "Forgot the protective glasses",
    "Presented the project clearly",
)
FIRST_DAY = date(2025, 9, 15)
DELETED_AT = "2026-02-02 10:15:00.000000"
# Deleted students are multiples of this, and it is a multiple of three: see release 1.20.7.
DELETED_EVERY = 90
COURSES_EACH = 5

COLUMNS = {
    "students": "id first_name last_name email student_id enrollment_date is_active study_year mobile_phone deleted_at",
    "courses": "id course_code course_name semester credits evaluation_rules",
    "course_enrollments": "student_id course_id enrolled_at status",
    "grades": "student_id course_id assignment_name category grade max_grade weight date_assigned date_submitted",
    "attendances": "student_id course_id date status period_number notes",
    "daily_performances": "student_id course_id date category score max_score notes",
    "highlights": "student_id semester category rating highlight_text date_created is_positive",
    "audit_logs": "timestamp action resource_type resource_id user_email ip_address success details",
}


def students(random: Random, count: int) -> Iterator[Row]:
    """Four of five have a Greek name; one in ninety has been deleted, some more are inactive."""
    greek = list(product(GREEK_FIRST.split(), GREEK_LAST.split()))
    english = list(product(ENGLISH_FIRST.split(), ENGLISH_LAST.split()))
    for number in range(1, count + 1):
        first, last = random.choice(greek if random.random() < 0.8 else english)
        year = (number - 1) % 3
        deleted = DELETED_AT if number % DELETED_EVERY == 0 else None
        active = not deleted and random.random() < 0.97
        email = f"{first}.{last}{number}@school.example".lower()
        card, enrolled = f"S{25 - year}{number:05d}", FIRST_DAY.replace(year=2025 - year).isoformat()
        phone = f"+35799{random.randrange(10**6):06d}"
        yield number, first, last, email, card, enrolled, active, year + 1, phone, deleted


def courses() -> Iterator[Row]:
    """Twenty-four: twelve subjects in two semesters."""
    rules = '[{"category": "Homework", "weight": 20}, {"category": "Midterm", "weight": 30}, '
    rules += '{"category": "Final", "weight": 50}]'
    for number, (semester, subject) in enumerate(product(("Fall 2025", "Spring 2026"), SUBJECTS.split("/")), start=1):
        yield number, f"AUT{100 + number}", subject, semester, 3 + number % 4, rules


def pairs(random: Random, count: int) -> list[Pair]:
    """Who takes which course."""
    numbers = [int(str(row[0])) for row in courses()]
    return [(student, course) for student in range(1, count + 1) for course in random.sample(numbers, COURSES_EACH)]


def enrollments(taken: Iterable[Pair]) -> Iterator[Row]:
    """All of them active, from the first day."""
    for student, course in taken:
        yield student, course, FIRST_DAY.isoformat(), "active"


def term(random: Random, taken: list[Pair], weeks_ago: int) -> dict[str, list[Row]]:
    """What teachers write down in a few weeks: three grades, six attendances, two daily marks for each."""
    days = [(FIRST_DAY + timedelta(days=day - 7 * weeks_ago)).isoformat() for day in range(0, 70, 2)]
    points = [min(100.0, max(20.0, round(random.gauss(72, 14), 1))) for _ in range(200)]

    # Drawn by the thousand: one by one takes most of the minute that half a gigabyte may take.
    def repeated(times: int, *pools: Sequence[Any]) -> Iterator[tuple[Any, ...]]:
        places = [(*pair, number) for pair in taken for number in range(1, times + 1)]
        return zip(places, *(random.choices(pool, k=len(places)) for pool in pools), strict=True)

    grades: list[Row] = [
        (student, course, f"{kind} {task}", kind, mark, 100.0, 1.0, day, day)
        for (student, course, task), kind, mark, day in repeated(3, CATEGORIES, points, days)
    ]
    attendances: list[Row] = [
        (student, course, day, status, period, None)
        for (student, course, period), day, status in repeated(6, days, STATUSES)
    ]
    daily: list[Row] = [
        (student, course, day, kind, score, 10.0, remark)
        for (student, course, _), day, kind, score, remark in repeated(2, days, DAILY, SCORES, REMARKS)
    ]
    return {"grades": grades, "attendances": attendances, "daily_performances": daily}


def highlights(random: Random, count: int) -> Iterator[Row]:
    """One remark on every second student."""
    for student in range(1, count + 1, 2):
        rating = random.randint(1, 5)
        text, day = random.choice(REMARKS), FIRST_DAY + timedelta(days=random.randrange(120))
        yield student, "Fall 2025", random.choice(DAILY), rating, text, day.isoformat(), rating > 2


def audit() -> Iterator[Row]:
    """The deletions of the past, as the application would have written them."""
    for number in range(1, 13):
        moment = f"2026-02-02 10:{number:02d}:00.000000"
        yield (
            moment,
            "delete",
            "student",
            str(number * DELETED_EVERY),
            "office@school.example",
            "192.0.2.7",
            True,
            None,
        )
