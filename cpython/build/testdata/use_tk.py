# What people do with tkinter, on a machine without Tcl and Tk. Arguments: the
# folder that Tcl's own scripts must come from, and what the machine has: "bare"
# no X server, "fontless" one but no fonts, "display" both.
import os
import subprocess
import sys
import tempfile
import tkinter
import tkinter.font

lib, has = sys.argv[1:]


def same(path, name):
    assert os.path.samefile(path, os.path.join(lib, name)), path


tcl = tkinter.Tcl()
same(tcl.eval("info library"), f"tcl{tkinter.TclVersion}")
assert tcl.eval("package require msgcat")  # a module, found by Tcl's own rules
assert tcl.eval("encoding convertfrom iso8859-15 \xa4") == "\u20ac"  # from a file

# The environment has the last word, and is left alone.
child = "import os; print([name for name in os.environ if name in ('TCL_LIBRARY', 'TK_LIBRARY')])"
assert subprocess.check_output([sys.executable, "-c", child], text=True) == "[]\n"
assert tcl.eval("info exists env(TCL_LIBRARY)") == "0"
with tempfile.TemporaryDirectory() as dir:
    link = os.path.join(dir, f"tcl{tkinter.TclVersion}")
    os.symlink(tcl.eval("info library"), link)
    os.environ["TCL_LIBRARY"] = link
    assert tkinter.Tcl().eval("info library") == link
    del os.environ["TCL_LIBRARY"]


def refuse(why):
    """Checks that there is no window, but an error that says why."""
    try:
        tkinter.Label(tkinter.Tk(), text="text")
    except tkinter.TclError as e:
        assert why in str(e), e
    else:
        assert False, "a window with text"


if has == "bare":
    refuse("no display name and no $DISPLAY")
    sys.exit()

server = subprocess.Popen(["Xvfb", "-displayfd", "1", "-nolisten", "tcp"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
try:
    os.environ["DISPLAY"] = ":" + server.stdout.readline().strip()
    if has == "fontless":
        refuse("font")
        sys.exit()
    root = tkinter.Tk()
    same(root.eval("set tk_library"), f"tk{tkinter.TkVersion}")
    label = tkinter.Label(root, text="größer", font=("Helvetica", 12))
    button = tkinter.Button(root, text="press", command=lambda: label.config(text="pressed"))
    label.pack()
    button.pack()
    root.update()
    for widget in label, button:
        assert widget.winfo_ismapped() and widget.winfo_width() > 20 and widget.winfo_height() > 10, widget.winfo_geometry()
    assert label["text"] == "größer"
    button.invoke()
    assert label["text"] == "pressed"
    assert tkinter.font.Font(font=label["font"]).actual("family")
    assert "clam" in root.eval("ttk::style theme names").split()
    root.destroy()
finally:
    server.terminate()
    server.wait()
