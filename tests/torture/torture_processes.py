"""Children: forked from a parent that has everything imported already, so that a thousand of them take no time."""

from __future__ import annotations

import contextlib
import gc
import json
import logging
import os
import signal
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any


def forked(work: Callable[[], Any], result: Path | None = None) -> int:
    """Starts `work` in a child and returns its pid; what it returns is JSON in `result`."""
    sys.stdout.flush()
    sys.stderr.flush()
    pid = os.fork()
    if pid:
        return pid
    code = 1
    try:
        gc.freeze()
        logging.getLogger().handlers[:] = [logging.NullHandler()]
        done = work()
        if result is not None:
            temporary = result.with_suffix(".new")
            temporary.write_text(json.dumps(done))
            temporary.rename(result)
        code = 0
    except BaseException:  # noqa: BLE001 -- told, and nothing of the parent may run on in here
        with contextlib.suppress(BaseException):
            traceback.print_exc()
    finally:
        with contextlib.suppress(BaseException):
            sys.stderr.flush()
        os._exit(code)


def ended(pid: int) -> int:
    """Waits for a child; its exit code, or the negative number of the signal that ended it."""
    _, status = os.waitpid(pid, 0)
    return os.waitstatus_to_exitcode(status)


def killed_after(pid: int, seconds: float) -> int:
    """Lets a child run for so long and kills it, if it is still there."""
    until = time.monotonic() + seconds
    while (left := until - time.monotonic()) > 0:
        done, status = os.waitpid(pid, os.WNOHANG)
        if done:
            return os.waitstatus_to_exitcode(status)
        time.sleep(min(left, 0.002))
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
    return ended(pid)
