"""How many examples a property is tried on: few, the same ones every time; or, in a campaign, many and new ones.

`make properties`, or HYPOTHESIS_PROFILE=campaign, is a campaign; FUZZ_FACTOR says how many times as many examples it tries.
"""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

__all__ = ["CAMPAIGN", "FACTOR", "tries"]

CAMPAIGN = os.environ.get("HYPOTHESIS_PROFILE") == "campaign"
FACTOR = int(os.environ.get("FUZZ_FACTOR", "50")) if CAMPAIGN else 1


def tries(examples: int) -> settings:
    """The settings of a property that is worth so many examples in every run of the tests."""
    slow = [
        HealthCheck.too_slow,
        HealthCheck.data_too_large,
        HealthCheck.filter_too_much,
        HealthCheck.large_base_example,
    ]
    return settings(max_examples=examples * FACTOR, deadline=None, derandomize=not CAMPAIGN, suppress_health_check=slow)
