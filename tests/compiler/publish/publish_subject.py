"""One publish in a process of its own, for the fault tests: PUBLISHER DIRECTORY JOB [USER].

JOB is a marshalled (outputs, remove). Exits as the command line would: 2 and one line on stderr when it could not publish.
"""

import marshal
import os
import sys
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parents[3]), str(Path(__file__).parent)]


def main(publisher: str, directory: str, job: str, user: str = "") -> int:
    outputs, remove = marshal.loads(Path(job).read_bytes())
    if publisher != "ssmd":
        from publish_controls import CONTROLS

        os.getpriority(os.PRIO_PROCESS, 0)
        CONTROLS[publisher](Path(directory), outputs, remove)
        return 0
    from ssmd_compiler.publish import PublishError, publish

    if user:
        os.setresuid(int(user), int(user), int(user))
    os.getpriority(os.PRIO_PROCESS, 0)  # the mark in the trace: what follows is the publish
    try:
        publish(Path(directory), outputs, remove=remove, wait=0.2)
    except PublishError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
