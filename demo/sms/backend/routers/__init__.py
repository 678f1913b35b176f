"""The endpoints, one module per subject."""

from backend.routers import attendance, auth, courses, grades, health, prometheus, students

ALL = (
    health.router,
    prometheus.router,
    auth.router,
    students.router,
    courses.router,
    grades.router,
    attendance.router,
)
