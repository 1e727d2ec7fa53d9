"""Durable execution: DBOS on our PostgreSQL, behind two small ports.

The engine itself is in `engine`: who only hands runs over or writes steps does not load DBOS.
"""

from tillwright.gateways.durable.steps import Json, Runner, RunQueue, Steps

__all__ = ["Json", "RunQueue", "Runner", "Steps"]
