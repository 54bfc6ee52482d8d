"""Reads of the audit app, one module a subject. Whoever asks is the first argument."""

from audit.selectors.findings import FindingPage, finding_by_number, finding_page, paper_of
from audit.selectors.own import OwnPage, own_finding, own_page
from audit.selectors.runs import RunPage, latest_run, run_by_number, run_page, runs_of

__all__ = [
    "FindingPage",
    "OwnPage",
    "RunPage",
    "finding_by_number",
    "finding_page",
    "latest_run",
    "own_finding",
    "own_page",
    "paper_of",
    "run_by_number",
    "run_page",
    "runs_of",
]
