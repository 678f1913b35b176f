"""Settings of smsops, all of them from the environment; with none set, an embedded installation in `var/`.

Names start with `SMSOPS_`; secrets may also be given as `SMSOPS_…_FILE`.
"""

import os
from datetime import timedelta
from pathlib import Path

from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured

from smsops import cadence, keys, queues, secret_files, setting_values

BASE_DIR = Path(__file__).resolve().parent.parent
env = setting_values.Settings()
if _problem := secret_files.problem(os.environ) or setting_values.problem(os.environ):
    raise ImproperlyConfigured(_problem)

DATA_DIR = setting_values.folder(Path(env("SMSOPS_DATA_DIR", default=str(BASE_DIR / "var"))).resolve())
SECRET_KEY = env("SMSOPS_SECRET_KEY", default="") or keys.load_or_create(DATA_DIR / "keys" / "secret_key")
FIELD_KEY = env("SMSOPS_FIELD_KEY", default="") or keys.load_or_create(DATA_DIR / "keys" / "field_key")
DEBUG = env.bool("SMSOPS_DEBUG", default=False)
ALLOWED_HOSTS = env.list("SMSOPS_ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]"])
CSRF_TRUSTED_ORIGINS = env.list("SMSOPS_TRUSTED_ORIGINS", default=[])

INSTALLED_APPS = [
    "incidents",
    "deployments",
    "backups",
    "smsops.apps.SmsopsConfig",
    "smsops.apps.SmsopsAdminConfig",
    "django.forms",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "csp",
    "django_celery_beat",
    "axes",
    "django_otp",
    "django_otp.plugins.otp_totp",
    "django_otp.plugins.otp_static",
]
MIDDLEWARE = [
    "smsops.probes.Probes",
    "django.middleware.security.SecurityMiddleware",
    "smsops.static_files.StaticFiles",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "smsops.audit.middleware.whereabouts",
    "django_otp.middleware.OTPMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "smsops.signin.limits.SessionLimits",
    "smsops.zones.OwnZone",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "axes.middleware.AxesMiddleware",
]
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"  # our templates are the fields' as well
ROOT_URLCONF = "smsops.urls"
WSGI_APPLICATION = "smsops.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]

# --- database -------------------------------------------------------------------------------------------------------
DATABASES = {"default": env.db_url("SMSOPS_DATABASE_URL", default=f"sqlite:///{DATA_DIR / 'smsops.sqlite3'}")}
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    # IMMEDIATE: a transaction that will write says so at once, so that two workers queue up instead of failing.
    # FULL: the journal of a run must survive a power cut, it is written ahead of the work.
    DATABASES["default"]["OPTIONS"] = {
        "timeout": 30,
        "transaction_mode": "IMMEDIATE",
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;",
    }
else:
    if _password := env("SMSOPS_DATABASE_PASSWORD", default="").rstrip("\r\n"):  # a file ends with a line
        DATABASES["default"]["PASSWORD"] = _password
    DATABASES["default"].setdefault("OPTIONS", {}).setdefault(
        "connect_timeout", 5
    )  # seconds; by itself over two minutes
    DATABASES["default"]["CONN_MAX_AGE"] = 60
    DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- people ---------------------------------------------------------------------------------------------------------
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
LOGIN_URL, LOGIN_REDIRECT_URL = "admin:login", "admin:index"
LANGUAGE_CODE, FORMAT_MODULE_PATH = "en", "smsops.formats"
TIME_ZONE = env("SMSOPS_TIME_ZONE", default="UTC")
USE_TZ = True

# --- the web side ---------------------------------------------------------------------------------------------------
STATIC_URL = "static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedStaticFilesStorage"},
}
# With no collected files (a checkout) they are served straight from the apps.
WHITENOISE_USE_FINDERS = not STATIC_ROOT.exists()
HTTPS = env.bool("SMSOPS_HTTPS", default=True)
SECURE_SSL_REDIRECT = SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SECURE_HSTS_SECONDS = 365 * 24 * 3600 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = HTTPS
SMSOPS_BEHIND_PROXY = env.bool("SMSOPS_BEHIND_PROXY", default=False)
SMSOPS_PROXIES = env.int("SMSOPS_PROXIES", default=1)  # how many of ours stand one behind another, then
if SMSOPS_BEHIND_PROXY:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "img-src": [SELF, "data:"],
        "object-src": [NONE],
        "base-uri": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    }
}

# --- signing in (docs/signing-in.md) ----------------------------------------------------------------------------------
_BROKER = env("SMSOPS_BROKER_URL", default="folder://localhost/")
_SERVED = "sqlite" not in DATABASES["default"]["ENGINE"] or not _BROKER.startswith("folder:")  # for several people
SMSOPS_TOTP = env("SMSOPS_TOTP", default="required" if _SERVED else "offered")  # or "off"
SMSOPS_SESSION_IDLE_MINUTES = env.int("SMSOPS_SESSION_IDLE_MINUTES", default=480)
SMSOPS_SESSION_HOURS = env.int("SMSOPS_SESSION_HOURS", default=12)  # however busy it is
SMSOPS_SUDO_MINUTES = env.int("SMSOPS_SUDO_MINUTES", default=10)  # how long a proof of who one is counts
SMSOPS_LOCKOUT_FAILURES = env.int("SMSOPS_LOCKOUT_FAILURES", default=5)  # of one name from one address
SMSOPS_LOCKOUT_MINUTES = env.int("SMSOPS_LOCKOUT_MINUTES", default=15)
SMSOPS_OIDC_ISSUER = env("SMSOPS_OIDC_ISSUER", default="")  # none: no single sign-on
SMSOPS_OIDC_CLIENT_ID = env("SMSOPS_OIDC_CLIENT_ID", default="")
SMSOPS_OIDC_CLIENT_SECRET = env("SMSOPS_OIDC_CLIENT_SECRET", default="").strip()
SMSOPS_OIDC_NAME = env("SMSOPS_OIDC_NAME", default="single sign-on")  # on the button
SMSOPS_OIDC_GROUPS_CLAIM = env("SMSOPS_OIDC_GROUPS_CLAIM", default="groups")
SMSOPS_OIDC_ROLES = env.dict("SMSOPS_OIDC_ROLES", default={})  # the provider's groups, and our roles
AUTHENTICATION_BACKENDS = ["axes.backends.AxesStandaloneBackend", "django.contrib.auth.backends.ModelBackend"]
if SMSOPS_OIDC_ISSUER:
    AUTHENTICATION_BACKENDS.append("smsops.signin.oidc.Backend")
SESSION_COOKIE_AGE = SMSOPS_SESSION_HOURS * 3600
OTP_TOTP_ISSUER, OTP_TOTP_SYNC = "smsops", False  # a clock may be off by one step, and no further over time
AXES_HANDLER, AXES_LOCKOUT_CALLABLE = "smsops.signin.lockout.Handler", "smsops.signin.lockout.answer"
AXES_CLIENT_IP_CALLABLE = "smsops.signin.address.of"
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"], "username"]
AXES_FAILURE_LIMIT = max(1, SMSOPS_LOCKOUT_FAILURES)
AXES_COOLOFF_TIME = timedelta(minutes=SMSOPS_LOCKOUT_MINUTES)
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False  # it lasts as long as it says
AXES_SENSITIVE_PARAMETERS = ["username", "ip_address", "code", "smsops_proof", "csrfmiddlewaretoken"]
AXES_RESET_ON_SUCCESS = AXES_DISABLE_ACCESS_LOG = True
AXES_ENABLE_ADMIN = AXES_VERBOSE = False
OIDC_OP_TOKEN_ENDPOINT = OIDC_OP_USER_ENDPOINT = OIDC_OP_AUTHORIZATION_ENDPOINT = ""  # the provider tells them
OIDC_RP_CLIENT_ID, OIDC_RP_CLIENT_SECRET = SMSOPS_OIDC_CLIENT_ID, SMSOPS_OIDC_CLIENT_SECRET
OIDC_RP_SCOPES, OIDC_RP_SIGN_ALGO = "openid email profile", "RS256"
OIDC_USE_PKCE, OIDC_TIMEOUT = True, 10
OIDC_AUTHENTICATION_CALLBACK_URL = "admin:oidc_callback"

# --- e-mail ---------------------------------------------------------------------------------------------------------
EMAIL_BACKEND = "incidents.channels.smtp.EmailBackend"  # Django's own, which knows when an outcome is unknown
EMAIL_HOST = env("SMSOPS_EMAIL_HOST", default="localhost")
EMAIL_PORT = env.int("SMSOPS_EMAIL_PORT", default=25)
EMAIL_HOST_USER = env("SMSOPS_EMAIL_USER", default="")
EMAIL_HOST_PASSWORD = env("SMSOPS_EMAIL_PASSWORD", default="").rstrip("\r\n")  # a file ends with a line
EMAIL_USE_TLS = env.bool("SMSOPS_EMAIL_STARTTLS", default=False)
EMAIL_USE_SSL = env.bool("SMSOPS_EMAIL_TLS", default=False)
DEFAULT_FROM_EMAIL = env("SMSOPS_EMAIL_FROM", default="smsops@localhost")

# --- workers (design: how work runs) --------------------------------------------------------------------------------
BROKER_DIR = DATA_DIR / "broker"
CELERY_BROKER_URL = env("SMSOPS_BROKER_URL", default="folder://localhost/")
if CELERY_BROKER_URL.startswith("folder:"):
    setting_values.folder(BROKER_DIR)
    CELERY_BROKER_TRANSPORT_OPTIONS = {
        "data_folder_in": str(BROKER_DIR),
        "data_folder_out": str(BROKER_DIR),
        "control_folder": str(BROKER_DIR / "control"),
        "polling_interval": 0.1,
    }
else:
    # A tick lasts seconds; a message is given to somebody else only long after it must have ended.
    CELERY_BROKER_TRANSPORT_OPTIONS = {
        "visibility_timeout": 3600,
        "socket_timeout": 5,
        "socket_connect_timeout": 2,
    }
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_DEFAULT_QUEUE = queues.WORK
CELERY_TASK_QUEUES = queues.QUEUES
CELERY_TASK_ROUTES = queues.ROUTES
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = (
    False  # the sweep rings again; redelivery would loop on a task that kills its worker
)
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_ENABLE_REMOTE_CONTROL = False  # nobody may end a worker's task from outside; cancelling is a flag
CELERY_TASK_SOFT_TIME_LIMIT = 1800
CELERY_TASK_TIME_LIMIT = 1860
CELERY_TASK_PUBLISH_RETRY_POLICY = {"max_retries": 1, "interval_start": 0, "interval_step": 0.2}
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_TIMEZONE = TIME_ZONE
CELERY_BEAT_SCHEDULER = "smsops.schedulers:Scheduler"
CELERY_BEAT_MAX_LOOP_INTERVAL = 5

SMSOPS_LEASE_SECONDS = env.float("SMSOPS_LEASE_SECONDS", default=10.0)  # how long a dead worker's work stays unclaimed
SMSOPS_SLICE_SECONDS = env.float("SMSOPS_SLICE_SECONDS", default=20.0)  # how long one delivery may keep going
SMSOPS_SWEEP_SECONDS = env.float("SMSOPS_SWEEP_SECONDS", default=3.0)
SMSOPS_WATCH_SECONDS = env.float("SMSOPS_WATCH_SECONDS", default=2.0)
SMSOPS_CANARY_SECONDS = env.float("SMSOPS_CANARY_SECONDS", default=300.0)
SMSOPS_OFFSITE_SECONDS = env.float("SMSOPS_OFFSITE_SECONDS", default=60.0)
SMSOPS_ROUTINE_DAYS = env.int("SMSOPS_ROUTINE_DAYS", default=7)  # how long the runs of good routine backups stay
SMSOPS_TEST_DAYS = env.int("SMSOPS_TEST_DAYS", default=92)  # and those of good restore tests
SMSOPS_ADOPT_BYTES = env.int("SMSOPS_ADOPT_BYTES", default=2 * 1000**3)  # the largest file and database adopted
SMSOPS_ADOPT_SECONDS = env.float("SMSOPS_ADOPT_SECONDS", default=600.0)  # that playing or checking one may take
SMSOPS_AUDIT_SECONDS = env.float("SMSOPS_AUDIT_SECONDS", default=300.0)  # that one tool of an audit may take
SMSOPS_CHECK_MODULES = env.list("SMSOPS_CHECK_MODULES", default=[])  # the operator's own checks (docs/checks.md)
SMSOPS_UPLOAD_BYTES = env.int("SMSOPS_UPLOAD_BYTES", default=200 * 1000**2)
FILE_UPLOAD_HANDLERS = [
    "smsops.admin.uploads.BoundedUpload",
    "django.core.files.uploadhandler.TemporaryFileUploadHandler",
]
SMSOPS_VAULT_DIR = Path(env("SMSOPS_VAULT_DIR", default=str(DATA_DIR / "vault")))
SMSOPS_KEYS_DIR = Path(env("SMSOPS_KEYS_DIR", default=str(DATA_DIR / "keys" / "vault")))
SMSOPS_WORK_DIR = Path(env("SMSOPS_WORK_DIR", default=str(DATA_DIR / "work")))
SMSOPS_EVIDENCE_DIR = Path(env("SMSOPS_EVIDENCE_DIR", default=str(DATA_DIR / "evidence")))
SMSOPS_AUDIT_DIR = Path(env("SMSOPS_AUDIT_DIR", default=str(DATA_DIR / "audit")))  # anchors of the audit trail
SMSOPS_LOGS_DIR = Path(env("SMSOPS_LOGS_DIR", default=str(DATA_DIR / "logs")))
SMSOPS_LOGS_SECONDS = env.float("SMSOPS_LOGS_SECONDS", default=60.0)
SMSOPS_LOGS_DAYS = env.int("SMSOPS_LOGS_DAYS", default=30)  # runbook §6.3
SMSOPS_LOGS_BYTES = env.int("SMSOPS_LOGS_BYTES", default=10 * 1000**3)  # of one environment, packed
SMSOPS_ALERT_BYTES = env.int("SMSOPS_ALERT_BYTES", default=10 * 1000**2)  # the longest body an alert may come in
SMSOPS_ALERT_DAYS = env.int("SMSOPS_ALERT_DAYS", default=365)  # how long alerts stay after they were over
SMSOPS_HISTORY_DAYS = env.int("SMSOPS_HISTORY_DAYS", default=730)  # how long the histories of the admin's pages stay
SMSOPS_PERSONAL_DAYS = env.int("SMSOPS_PERSONAL_DAYS", default=30)  # how long evidence with personal data stays
SMSOPS_METRICS_TOKEN = env("SMSOPS_METRICS_TOKEN", default="").strip()  # who may read /metrics; none: this machine
SMSOPS_PING_URL = env("SMSOPS_PING_URL", default="").strip()  # whom outside to tell that smsops lives; a secret
SMSOPS_PING_SECONDS = env.float("SMSOPS_PING_SECONDS", default=60.0)
SMSOPS_PUBLIC_URL = env("SMSOPS_PUBLIC_URL", default="")  # how people reach this site; links in messages begin with it
SMSOPS_PRIVATE_CHANNELS = env.bool("SMSOPS_PRIVATE_CHANNELS", default=False)  # may messages go to private networks
SMSOPS_MTTR_MINUTES = env.int("SMSOPS_MTTR_MINUTES", default=30)  # runbook §6.1
SMSOPS_MTBF_HOURS = env.int("SMSOPS_MTBF_HOURS", default=720)  # runbook §6.1
SMSOPS_WEB_SWEEPS = env.bool("SMSOPS_WEB_SWEEPS", default=True)  # when beat is dead, web requests do its round
SMSOPS_API_RATE = env.int("SMSOPS_API_RATE", default=600)  # requests of one token a minute, for each web process
SMSOPS_API_BYTES = env.int("SMSOPS_API_BYTES", default=100_000)  # the longest body of a request to the API
SMSOPS_WEBHOOK_PRIVATE = env.bool("SMSOPS_WEBHOOK_PRIVATE", default=False)  # into private networks, and without TLS
SMSOPS_WEBHOOK_DAYS = env.int("SMSOPS_WEBHOOK_DAYS", default=3)  # of failure after which a webhook is switched off
SMSOPS_WEBHOOK_SECONDS = env.float("SMSOPS_WEBHOOK_SECONDS", default=10.0)  # that a receiver may take to answer
SMSOPS_PORTS = env("SMSOPS_PORTS", default="18100-18999")  # behind an edge each SMS gets one of these for itself
SMSOPS_DOCKER_HOST = env("SMSOPS_DOCKER_HOST", default="unix:///var/run/docker.sock")

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {
            "()": "smsops.redact.RedactingFormatter",
            "format": "%(asctime)s %(levelname)s %(name)s: %(message)s",
        }
    },
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": env("SMSOPS_LOG_LEVEL", default="INFO")},
    # Its lines for debugging have the paths that are asked for, and those of chat services are their secrets.
    "loggers": {"urllib3": {"level": "INFO"}, "axes": {"level": "ERROR"}},  # who failed is told by signals
}
CELERY_BEAT_SCHEDULE = cadence.rings(
    sweep=SMSOPS_SWEEP_SECONDS,
    watch=SMSOPS_WATCH_SECONDS,
    offsite=SMSOPS_OFFSITE_SECONDS,
    canary=SMSOPS_CANARY_SECONDS,
    logs=SMSOPS_LOGS_SECONDS,
    ping=SMSOPS_PING_SECONDS,
)
