# D06: packages can be installed, without a network.
import base64
import hashlib
import zipfile

scratch = sys.argv[1]
quiet = ["--disable-pip-version-check", "--no-input", "-q"]


def wheel(folder):
    """Writes a wheel with one module and one console script (PEP 427)."""
    files = {
        "probe_of_d06.py": "def main():\n    print('it works')\n",
        "probe_of_d06-1.0.dist-info/METADATA": "Metadata-Version: 2.1\nName: probe-of-d06\nVersion: 1.0\n",
        "probe_of_d06-1.0.dist-info/WHEEL": "Wheel-Version: 1.0\nGenerator: d06\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        "probe_of_d06-1.0.dist-info/entry_points.txt": "[console_scripts]\nprobe-of-d06 = probe_of_d06:main\n",
    }
    record = ""
    for name, content in files.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(content.encode()).digest()).rstrip(b"=").decode()
        record += f"{name},sha256={digest},{len(content)}\n"
    files["probe_of_d06-1.0.dist-info/RECORD"] = record + "probe_of_d06-1.0.dist-info/RECORD,,\n"
    path = os.path.join(folder, "probe_of_d06-1.0-py3-none-any.whl")
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


def runs(folder, subject):
    """Runs the interpreter of a virtual environment."""
    script = "import sys, ssl, encodings; print(sys.prefix); print(sys.base_prefix)"
    output = run([os.path.join(folder, "bin", "python"), "-I", "-B", "-c", script], subject=subject)
    if output is not None and output.split("\n")[:2] != [folder, sys.prefix]:
        fail(subject, f"it is not an environment of this tree: {output.split()}")
    return output is not None


copies, links = os.path.join(scratch, "copies"), os.path.join(scratch, "links")
if run([sys.executable, "-I", "-B", "-m", "venv", "--copies", "--without-pip", copies], subject="venv with copies") is not None:
    runs(copies, "venv with copies")
if run([sys.executable, "-I", "-B", "-m", "venv", "--symlinks", links], subject="venv with ensurepip") is not None and runs(links, "venv with links"):
    python = os.path.join(links, "bin", "python")
    if run([python, "-I", "-B", "-m", "pip", "install", *quiet, "--no-index", "--no-deps", wheel(scratch)], subject="pip install") is not None:
        output = run([os.path.join(links, "bin", "probe-of-d06")], subject="console script")
        if output not in (None, "it works\n"):
            fail("console script", f"it says {output!r}")
print("done")
