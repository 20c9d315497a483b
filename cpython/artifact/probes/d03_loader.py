# D03: the loader finds every library that an ELF file of the tree needs, and
# those of the tree in the tree.
tree, loader = sys.argv[1:]
own = set()
files = []
for folder, _, names in os.walk(tree):
    for name in names:
        path = os.path.join(folder, name)
        if ".so" in name:
            own.add(name)
        if os.path.islink(path):
            continue
        with open(path, "rb") as f:
            head = f.read(18)
        if head[:4] == b"\x7fELF" and int.from_bytes(head[16:18], sys.byteorder) in (2, 3):
            files.append(path)
for path in files:
    subject = os.path.relpath(path, tree)
    # What ldd does (ld.so(8)): the loader lists and runs nothing.
    output = run([loader, path], subject=subject, env={"LD_TRACE_LOADED_OBJECTS": "1"})
    for line in (output or "").splitlines():
        name, arrow, where = line.strip().partition(" => ")
        if arrow and where.startswith("not found"):
            fail(subject, f"needs {name}, which this host does not have")
        elif arrow and name in own and not os.path.realpath(where.split(" (")[0]).startswith(os.path.realpath(tree) + "/"):
            fail(subject, f"is given {where.split(' (')[0]} and not the tree's own {name}")
print("done")
