"""Long work started from a page: asked for once, done in parts that each commit, taken up again by whoever
comes.

A worker that is killed loses at most one part: the sweep finds the job when its lease is over. Two workers
never write the same part: its row is locked while one is written. No clock and no broker here.
"""

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.db.models import Q

from accounts.models import Access, User
from accounts.privacy import digest
from accounts.roles import Action, can
from accounts.services import record_access
from cases import exporting
from cases.models import Job, JobPart
from law.errors import Refused

LEASE = timedelta(minutes=2)
PARTS_A_TURN = 20
MOST_ROWS = 50_000
KEPT = timedelta(days=7)
"""How long a result can be fetched: it lists people, and a file that nobody fetches is only a risk."""

PURPOSE = "job-parameters"


@transaction.atomic
def ask_for_export(
    *, kind: Job.Kind, parameters: Mapping[str, str], reason: str, actor: User, now: datetime
) -> Job:
    """Start the export of a list; while the same one is running, that one is returned.

    `Refused`: "job.reason", "job.nothing", "job.too_many" (most).
    """
    if not reason.strip():
        raise Refused("job.reason")
    total = exporting.list_of(kind).count(actor, parameters, now=now)
    if not total:
        raise Refused("job.nothing")
    if total > MOST_ROWS:
        raise Refused("job.too_many", most=MOST_ROWS)
    values = dict(parameters)
    same = digest(json.dumps(values, sort_keys=True, ensure_ascii=False), purpose=PURPOSE)
    try:
        with transaction.atomic():
            job = Job.objects.create(
                kind=kind,
                asked_by=actor,
                asked_at=now,
                reason=reason.strip(),
                parameters=values,
                parameters_digest=same,
                total=total,
            )
    except IntegrityError:
        return Job.objects.get(asked_by=actor, kind=kind, parameters_digest=same, finished_at=None)
    record_access(act=Access.Act.EXPORT, actor=actor, reason=reason.strip(), now=now)
    return job


def go_on(*, job_id: int, now: datetime) -> bool:
    """Do the next parts of a job that nobody works at; returns whether there is more to do."""
    if not _lease(job_id, now=now):
        return False
    for _turn in range(PARTS_A_TURN):
        if not _next_part(job_id, now=now):
            return False
    Job.objects.filter(pk=job_id, finished_at=None).update(leased_until=None)
    return True


def unfinished(*, now: datetime) -> list[int]:
    """The jobs that nobody works at, oldest first."""
    free = Q(leased_until=None) | Q(leased_until__lte=now)
    return list(Job.objects.filter(free, finished_at=None).order_by("pk").values_list("pk", flat=True))


@transaction.atomic
def drop_old_results(*, now: datetime) -> int:
    """Forget results that were not fetched in time; what was done stays on record."""
    old = Job.objects.filter(finished_at__lt=now - KEPT, content__isnull=False)
    return old.update(content=None)


@transaction.atomic
def fetch_result(*, job: Job, actor: User, now: datetime) -> bytes:
    """The file, for who asked for it; that it was fetched is recorded. `Refused("job.no_result")`."""
    if job.asked_by_id != actor.pk or not can(actor, Action.EXPORT) or not job.content:
        raise Refused("job.no_result")
    record_access(act=Access.Act.EXPORT, actor=actor, reason=job.reason, now=now)
    return bytes(job.content)


def _lease(job_id: int, *, now: datetime) -> bool:
    """Whether this worker has it now."""
    free = Q(leased_until=None) | Q(leased_until__lte=now)
    mine = Job.objects.filter(free, pk=job_id, finished_at=None)
    return bool(mine.update(leased_until=now + LEASE))


@transaction.atomic
def _next_part(job_id: int, *, now: datetime) -> bool:
    """One part, or the end; whether another part is to come."""
    job = Job.objects.select_for_update().filter(pk=job_id, finished_at=None).first()
    if job is None:
        return False
    if job.started_at is None:
        job.started_at = now
    if not job.asked_by.is_active or not can(job.asked_by, Action.EXPORT):
        return _end(job, problem="job.no_right", now=now)
    rows, job.position, is_last = exporting.list_of(job.kind).part(
        job.asked_by, job.parameters, after=job.position, now=job.asked_at
    )
    begins = str(job.done) if rows else "end"
    JobPart.objects.create(job=job, begins=begins, content=rows)
    # The list lives on while it is read: it may have become longer.
    job.done += len(rows)
    job.total = max(job.total, job.done)
    if not is_last:
        job.save(update_fields=["started_at", "position", "done", "total"])
        return True
    everything = [row for part in job.parts.order_by("pk") for row in part.content]
    job.total = job.done
    job.content = exporting.file(job.kind, everything)
    job.sha256 = hashlib.sha256(job.content).hexdigest()
    return _end(job, problem="", now=now)


def _end(job: Job, *, problem: str, now: datetime) -> bool:
    job.problem, job.finished_at, job.leased_until = problem, now, None
    job.save()
    job.parts.all().delete()
    return False
