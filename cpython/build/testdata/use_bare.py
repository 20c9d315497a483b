# What people do with a Python, in an image that has nothing else. Arguments:
# a folder with ca.pem and server.pem, one with wheels, and whether the system
# knows the authority: "found" or "refused".
import curses
import datetime
import http.server
import os
import pty
import readline
import ssl
import subprocess
import sys
import tempfile
import threading
import urllib.request
import zoneinfo

files, wheels, authority = sys.argv[1:]
prefix = os.path.dirname(os.path.dirname(sys.executable))
assert sys.prefix == prefix, (sys.prefix, prefix)
assert readline.backend == "editline", readline.backend

# The time zone database: the system's, or else the tree's own.
zone = zoneinfo.ZoneInfo("Europe/Berlin")
assert datetime.datetime(2025, 7, 1, tzinfo=zone).utcoffset() == datetime.timedelta(hours=2)


def serve():
    """Starts a TLS server with the private authority's certificate."""
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"hello")

        def log_message(self, *args):
            pass

    server = http.server.HTTPServer(("localhost", 0), Handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(os.path.join(files, "server.pem"))
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return f"https://localhost:{server.server_port}/"


url = serve()
ca = os.path.join(files, "ca.pem")
with urllib.request.urlopen(url, context=ssl.create_default_context(cafile=ca)) as answer:
    assert answer.read() == b"hello"
get = [sys.executable, "-B", "-c", "import sys, urllib.request; print(urllib.request.urlopen(sys.argv[1]).read().decode())", url]
result = subprocess.run(get, env=dict(os.environ, SSL_CERT_FILE=ca), stdout=subprocess.PIPE, check=True, text=True)
assert result.stdout == "hello\n", result.stdout
plain = subprocess.run(get, stderr=subprocess.PIPE, text=True)
if authority == "found":
    assert plain.returncode == 0, plain.stderr
    assert ssl.get_default_verify_paths().cafile, ssl.get_default_verify_paths()
else:
    assert plain.returncode != 0 and "CERTIFICATE_VERIFY_FAILED" in plain.stderr, plain.stderr


def terminal(script, typed, wanted):
    """Runs a script on a pseudo-terminal."""
    pid, master = pty.fork()
    if pid == 0:
        os.execv(sys.executable, [sys.executable, "-B", "-c", script])
    os.write(master, typed)
    seen = b""
    while True:
        try:
            part = os.read(master, 4096)
        except OSError:
            break
        if not part:
            break
        seen += part
    _, status = os.waitpid(pid, 0)
    assert status == 0 and wanted in seen, (status, seen)


terminal("import curses; curses.wrapper(lambda s: (s.addstr(0, 0, 'drawn'), s.refresh()))", b"", b"drawn")
terminal("import readline; print('got', input('> '))", b"typed\n", b"got typed")

# Real wheels, into a venv and, for who owns the tree, into the tree itself.
with tempfile.TemporaryDirectory() as folder:
    quiet = ["-q", "--no-index", "--find-links", wheels, "--disable-pip-version-check"]
    subprocess.run([sys.executable, "-B", "-m", "venv", os.path.join(folder, "venv")], check=True)
    python = os.path.join(folder, "venv", "bin", "python")
    subprocess.run([python, "-m", "pip", "install", *quiet, "requests", "markupsafe", "numpy"], check=True)
    subprocess.run([python, "-c", "import markupsafe._speedups, numpy, requests; assert numpy.arange(9).sum() == 36"], check=True)
    subprocess.run([sys.executable, "-B", "-m", "pip", "install", *quiet, "--root-user-action=ignore", "six"], check=True)
    subprocess.run([sys.executable, "-B", "-c", "import six"], check=True)
    # Through a link from outside of the tree, and with copies.
    link = os.path.join(folder, "python3")
    os.symlink(sys.executable, link)
    for kind in "--symlinks", "--copies":
        made = os.path.join(folder, "through link " + kind)
        subprocess.run([link, "-B", "-m", "venv", "--without-pip", kind, made], check=True)
        where = subprocess.run([os.path.join(made, "bin", "python"), "-c", "import ssl, sys; print(sys.base_prefix)"], stdout=subprocess.PIPE, check=True, text=True)
        assert where.stdout == prefix + "\n", where.stdout
print("ok")
