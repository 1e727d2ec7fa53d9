"""Durable execution: DBOS on our PostgreSQL, behind two small ports."""

from tillwright.gateways.durable.engine import Engine
from tillwright.gateways.durable.steps import Json, Runner, RunQueue, Steps

__all__ = ["Engine", "Json", "RunQueue", "Runner", "Steps"]
