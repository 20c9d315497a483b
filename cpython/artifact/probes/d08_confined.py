# D08: the interpreter does not write into its tree, and runs threads with little
# stack and no way to more privileges.
import resource

tree, scratch = sys.argv[1:]


def listing():
    found = {}
    for folder, _, names in os.walk(tree):
        for name in [".", *names]:
            path = os.path.join(folder, name)
            stat = os.lstat(path)
            found[path] = stat.st_size, stat.st_mtime_ns
    return found


CONFINED = """
import ctypes, resource, sys, threading
if ctypes.CDLL(None, use_errno=True).prctl(38, 1, 0, 0, 0):  # PR_SET_NO_NEW_PRIVS
    sys.exit('no_new_privs cannot be set')
import json, logging, ssl, sqlite3, subprocess
done = []
workers = [threading.Thread(target=lambda: done.append(json.loads('[' * 50 + ']' * 50))) for _ in range(16)]
for worker in workers: worker.start()
for worker in workers: worker.join()
assert len(done) == 16
subprocess.run([sys.executable, '-I', '-c', 'import ssl'], check=True)
print('ok')
"""


def limit():
    small = 512 << 10
    resource.setrlimit(resource.RLIMIT_STACK, (small, small))


before = listing()
output = run([sys.executable, "-I", "-c", CONFINED], subject="no_new_privs and a stack of 512 KiB", preexec_fn=limit, env={"HOME": scratch, "PATH": "/usr/bin:/bin"})
if output not in (None, "ok\n"):
    fail("no_new_privs and a stack of 512 KiB", f"it says {output!r}")
# Without -B: what has no .pyc would be compiled now.
run([sys.executable, "-I", "-c", "import asyncio, json, sysconfig, venv, email.message; sysconfig.get_config_vars()"], subject="imports", env={})
after = listing()
for path in sorted(set(before) | set(after)):
    if before.get(path) != after.get(path):
        fail(os.path.relpath(path, tree), "was written while modules were imported")
print("done")
