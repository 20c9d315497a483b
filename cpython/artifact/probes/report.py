# Every probe begins with this. A probe prints a line for each thing that is
# wrong, and "done" when it came to its end.
import os
import subprocess
import sys


def _say(status, subject, message):
    print(status, subject, " ".join(str(message).split()), sep="\t", flush=True)


def fail(subject, message):
    _say("fail", subject, message)


def skip(subject, message):
    _say("skip", subject, message)


def run(args, **options):
    """Runs a program and returns its output, or None after a failure that was reported."""
    subject = options.pop("subject", os.path.basename(args[0]))
    options.setdefault("timeout", 50)
    try:
        result = subprocess.run(args, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, errors="replace", **options)
    except (OSError, subprocess.SubprocessError) as problem:
        fail(subject, problem)
        return None
    if result.returncode != 0:
        lines = (result.stderr.strip() or result.stdout.strip() or "nothing was printed").splitlines()
        fail(subject, f"exit code {result.returncode}: {lines[-1][:300]}")
        return None
    return result.stdout


def attempt(subject, function):
    try:
        function()
    except BaseException as problem:
        fail(subject, f"{type(problem).__name__}: {problem}")


# ---
