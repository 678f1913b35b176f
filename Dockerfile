# smsops itself: one image for all its services (docker-compose.yml tells them apart by their command).
ARG BASE=python:3.11-slim-bookworm
FROM ${BASE}

ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
WORKDIR /srv/smsops

# Pango makes the PDFs of post-mortems and reports; fonts come with it.
RUN apt-get update && apt-get install -y --no-install-recommends libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0 \
    && rm -rf /var/lib/apt/lists/*
# PostgreSQL's programs serve environments whose SMS has PostgreSQL: dumps, base backups, the log, scratch servers. They
# must be of that server's version. No server of its own is set up.
ARG POSTGRES=postgresql-15
RUN apt-get update && apt-get install -y --no-install-recommends git postgresql-common \
    && sed -i 's/^#*create_main_cluster.*/create_main_cluster = false/' /etc/postgresql-common/createcluster.conf \
    && apt-get install -y --no-install-recommends ${POSTGRES} && rm -rf /var/lib/apt/lists/*
COPY requirements.txt ./
RUN pip install --no-cache-dir -r requirements.txt

COPY manage.py ./
COPY smsops smsops
COPY backups backups
COPY deployments deployments
COPY incidents incidents
COPY templates templates
# A service's root is read-only: what Python compiles is compiled here.
RUN SMSOPS_DATA_DIR=/tmp/build python manage.py collectstatic --noinput && rm -rf /tmp/build \
    && python -m compileall -q smsops backups deployments incidents \
    && groupadd --system --gid 10001 smsops \
    && useradd --system --uid 10001 --gid 10001 --home /var/lib/smsops --create-home smsops

ENV SMSOPS_DATA_DIR=/var/lib/smsops
USER smsops
EXPOSE 8000
CMD ["gunicorn", "--bind=0.0.0.0:8000", "--workers=2", "--threads=4", "smsops.wsgi"]
