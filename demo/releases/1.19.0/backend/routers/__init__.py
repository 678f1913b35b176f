"""The endpoints, one module per subject."""

from backend.routers import announcements, attendance, auth, courses, grades, health, prometheus, students

ALL = (
    health.router,
    prometheus.router,
    auth.router,
    students.router,
    courses.router,
    grades.router,
    attendance.router,
    announcements.router,
)
