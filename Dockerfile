# One image for web, worker, beat, sandbox and the one-shot preparation; docker-compose.yml says which.
FROM python:3.11-slim-bookworm

ENV PYTHONUTF8=1 PYTHONUNBUFFERED=1 PIP_DISABLE_PIP_VERSION_CHECK=1
WORKDIR /srv/anye

COPY requirements.lock .
RUN pip install --no-cache-dir --require-hashes --only-binary :all: -r requirements.lock

RUN useradd --system --uid 10001 --create-home --home-dir /var/lib/anye anye
COPY . .
USER anye
ENV ANYE_HOME=/var/lib/anye
EXPOSE 8000
CMD ["python", "manage.py", "help"]
