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
    PyPreConfig before;
    PyPreConfig_InitIsolatedConfig(&before);
    before.utf8_mode = 1; /* the path may hold more than ASCII, whatever the locale is */
    PyStatus status = Py_PreInitialize(&before);
    if (PyStatus_Exception(status)) Py_ExitStatusException(status);
    PyConfig config;
    PyConfig_InitIsolatedConfig(&config);
    status = PyConfig_SetBytesString(&config, &config.home, argv[1]);
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
    variables = sysconfig.get_config_vars()
    folder = os.path.join(sys.prefix, "lib")
    flags = ["-I" + sysconfig.get_path("include"), "-L" + folder, "-lpython" + variables["LDVERSION"]]
    flags += f"{variables['LIBS']} {variables['SYSLIBS']}".split()
    embed(compiler, "sysconfig", flags)
    if " " not in sys.prefix:  # what python-config prints is split at spaces by everybody
        config = os.path.join(sys.prefix, "bin", os.path.basename(os.path.realpath(sys.executable)) + "-config")
        output = run([config, "--embed", "--includes", "--ldflags"], subject="python-config")
        if output is not None:
            embed(compiler, "python-config", output.split())


def embed(compiler, source, flags):
    """Compiles and runs the program with what a source of flags says."""
    target = os.path.join(scratch, "program-" + source)
    rpath = "-Wl,-rpath," + os.path.join(sys.prefix, "lib")
    if run(compiler + [write("program.c", PROGRAM), "-o", target] + flags + [rpath], subject=f"compile a program with {source}") is None:
        return
    output = run([target, sys.prefix], subject=f"run the program of {source}", env={})
    if output not in (None, sys.prefix + "\n"):
        fail(f"run the program of {source}", f"its prefix is {output!r}")


compiler = (sysconfig.get_config_var("CC") or "cc").split()
if shutil.which(compiler[0]) is None:
    skip("", f"there is no {compiler[0]} on this host")
else:
    attempt("extension", extension)
    attempt("embedding", lambda: embedding(compiler))
print("done")
