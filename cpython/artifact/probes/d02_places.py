# D02: wherever the interpreter is started from, and with whatever around it,
# it finds its own tree and nothing else.
import json

tree, scratch = sys.argv[1:]
name = os.path.basename(os.path.realpath(sys.executable))
program = os.path.join(tree, "bin", name)
script = "import json, sys; print(json.dumps([sys.prefix, sys.base_prefix, sys.exec_prefix] + sys.path))"

link = os.path.join(scratch, "link to the tree")
os.symlink(tree, link)
os.symlink(program, os.path.join(scratch, "python"))
hostile = os.path.join(scratch, "hostile")
os.mkdir(hostile)
for library in os.listdir(os.path.join(tree, "lib")):
    if ".so" in library:
        with open(os.path.join(hostile, library), "w") as f:
            f.write("no library\n")

plain = {"PATH": "/usr/bin:/bin", "HOME": scratch}
cases = {
    "from the root folder": dict(args=[program], cwd="/"),
    "by a relative path": dict(args=["./" + name], cwd=os.path.join(tree, "bin")),
    "found through PATH": dict(args=[name], executable=program, env=dict(plain, PATH=os.path.join(tree, "bin"))),
    "through a link to the tree": dict(args=[os.path.join(link, "bin", name)]),
    "through a link to the interpreter": dict(args=[os.path.join(scratch, "python")]),
    "with an odd argv[0]": dict(args=[os.path.join(tree, "lib") + "/.././/bin//" + name], executable=program),
    "with a hostile LD_LIBRARY_PATH": dict(args=[program], env=dict(plain, LD_LIBRARY_PATH=hostile)),
    "without any environment": dict(args=[program], env={}),
}
inside = (os.path.realpath(tree), link)
for case, options in cases.items():
    options.setdefault("env", plain)
    options.setdefault("cwd", scratch)
    output = run(options.pop("args") + ["-B", "-E", "-s", "-c", script], subject=case, **options)
    if output is None:
        continue
    for path in json.loads(output):
        if path and not any(path == root or path.startswith(root + "/") for root in inside):
            fail(case, f"{path} is outside of the tree")
print("done")
