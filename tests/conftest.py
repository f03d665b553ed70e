"""What every test may count on: the same examples in every run, unless somebody asks for a campaign (see budget)."""

import os
import signal

from hypothesis import settings

settings.register_profile("every-run", derandomize=True)
settings.register_profile("campaign", derandomize=False, deadline=None, print_blob=True)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "every-run"))

if (
    signal.getsignal(signal.SIGINT) is signal.SIG_IGN
):  # started in the background: programs under test would ignore it too
    signal.signal(signal.SIGINT, signal.default_int_handler)
