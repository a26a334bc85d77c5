"""Programs that tests run in a Python of their own, as what is imported first matters to them."""

import subprocess
import sys


def printed(*lines):
    """What a program of these lines prints, line by line."""
    done = subprocess.run(
        [sys.executable, "-c", "\n".join(lines)], capture_output=True, text=True, check=True
    )
    return done.stdout.splitlines()
