"""Durable workflows: definitions, the runs that events start, and each run's timeline."""

from tillwright.domains.automation.errand import Parts
from tillwright.domains.automation.fetching import Fetcher
from tillwright.domains.automation.model import (
    Run,
    RunState,
    RunStep,
    StepState,
    Timeline,
    Trigger,
    Workflow,
    WorkflowState,
    WorkflowVersion,
)
from tillwright.domains.automation.service import Automation
from tillwright.domains.automation.work import Work

__all__ = [
    "Automation",
    "Fetcher",
    "Parts",
    "Run",
    "RunState",
    "RunStep",
    "StepState",
    "Timeline",
    "Trigger",
    "Work",
    "Workflow",
    "WorkflowState",
    "WorkflowVersion",
]
