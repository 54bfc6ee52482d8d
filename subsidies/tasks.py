"""Where Celery looks for the tasks of this app; each programme has its own."""

from subsidies.refund.tasks import check_standing, end_notices, follow_payments, go_on_with_run, sweep_runs

__all__ = ["check_standing", "end_notices", "follow_payments", "go_on_with_run", "sweep_runs"]
