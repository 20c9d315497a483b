# D07: extensions can be built against the tree, and programs that embed it.
import shutil
import sysconfig

scratch = sys.argv[1]

EXTENSION = r"""
#include <Python.h>
static PyObject *answer(PyObject *self, PyObject *args) { return PyLong_FromLong(42); }
static PyMethodDef methods[] = {{"answer", answer, METH_NOARGS, ""}, {NULL, NULL, 0, NULL}};
static struct PyModuleDef definition = {PyModuleDef_HEAD_INIT, "probe_of_d07", "", -1, methods};
PyMODINIT_FUNC PyInit_probe_of_d07(void) { return PyModule_Create(&definition); }
"""

PROGRAM = r"""
#include <Python.h>
int main(int argc, char **argv) {
    PyConfig config;
    PyConfig_InitIsolatedConfig(&config);
    PyStatus status = PyConfig_SetBytesString(&config, &config.home, argv[1]);
    if (!PyStatus_Exception(status)) status = Py_InitializeFromConfig(&config);
    if (PyStatus_Exception(status)) Py_ExitStatusException(status);
    int failed = PyRun_SimpleString("import ssl, sys; print(sys.prefix)");
    return Py_FinalizeEx() < 0 || failed;
}
"""


def write(name, text):
    path = os.path.join(scratch, name)
    with open(path, "w") as f:
        f.write(text)
    return path


def extension():
    target = os.path.join(scratch, "probe_of_d07" + sysconfig.get_config_var("EXT_SUFFIX"))
    link = sysconfig.get_config_var("LDSHARED").split()
    flags = [flag for name in ("CFLAGS", "CCSHARED") for flag in (sysconfig.get_config_var(name) or "").split()]
    source = write("extension.c", EXTENSION)
    if run(link + flags + ["-I" + sysconfig.get_path("include"), source, "-o", target], subject="compile an extension") is None:
        return
    script = f"import sys; sys.path.insert(0, {scratch!r}); import probe_of_d07; print(probe_of_d07.answer())"
    output = run([sys.executable, "-I", "-B", "-c", script], subject="import the extension")
    if output not in (None, "42\n"):
        fail("import the extension", f"it answers {output!r}")


def embedding(compiler):
    if " " in sys.prefix:
        skip("embedding", "python-config cannot be used in a folder whose path holds a space")
        return
    config = os.path.join(sys.prefix, "bin", os.path.basename(os.path.realpath(sys.executable)) + "-config")
    flags = run([config, "--embed", "--includes", "--ldflags"], subject="python-config")
    if flags is None:
        return
    folder = os.path.join(sys.prefix, "lib")
    target = os.path.join(scratch, "program")
    if run(compiler + [write("program.c", PROGRAM), "-o", target] + flags.split() + ["-Wl,-rpath," + folder], subject="compile a program") is None:
        return
    output = run([target, sys.prefix], subject="run the program", env={})
    if output not in (None, sys.prefix + "\n"):
        fail("run the program", f"its prefix is {output!r}")


compiler = (sysconfig.get_config_var("CC") or "cc").split()
if shutil.which(compiler[0]) is None:
    skip("", f"there is no {compiler[0]} on this host")
else:
    attempt("extension", extension)
    attempt("embedding", lambda: embedding(compiler))
print("done")
