# D05: the modules do what they are for.
import threading

required = set(sys.argv[1:])


def tls():
    import ssl

    contexts = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    contexts[0].check_hostname = False
    for context in contexts:  # an anonymous cipher needs no certificate; there is none in TLS 1.3
        context.verify_mode = ssl.CERT_NONE
        context.maximum_version = ssl.TLSVersion.TLSv1_2
        context.set_ciphers("AECDH-AES256-SHA:@SECLEVEL=0")
    up, down = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = contexts[0].wrap_bio(down, up)
    server = contexts[1].wrap_bio(up, down, server_side=True)
    waiting = [client, server]
    for _ in range(20):
        for side in list(waiting):
            try:
                side.do_handshake()
                waiting.remove(side)
            except ssl.SSLWantReadError:
                pass
    assert not waiting, "the handshake does not end"
    client.write(b"ping")
    assert server.read() == b"ping"


def certificates():
    import ssl

    paths = ssl.get_default_verify_paths()
    if paths.cafile or paths.capath and os.listdir(paths.capath):
        ssl.create_default_context()
    else:
        skip("CA bundle", f"this host has none where its OpenSSL looks: {paths.openssl_cafile}, {paths.openssl_capath}")


def sqlite():
    import sqlite3

    with sqlite3.connect(":memory:") as db:
        db.execute("create virtual table t using fts5(text)")
        db.execute("insert into t values ('the quick brown fox')")
        assert db.execute("select count(*) from t where t match 'quick'").fetchone() == (1,)
        db.commit()
        db.execute("insert into t values ('another')")
        db.rollback()
        assert db.execute("select count(*) from t").fetchone() == (1,), "rollback"


def compression():
    import bz2
    import lzma
    import zlib

    data = bytes(range(256)) * 4096
    for module in (bz2, lzma, zlib):
        assert module.decompress(module.compress(data)) == data, module.__name__


def callback():
    import ctypes

    kind = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_int), ctypes.POINTER(ctypes.c_int))
    numbers = (ctypes.c_int * 5)(5, 3, 1, 4, 2)
    ctypes.CDLL(None).qsort(numbers, ctypes.c_size_t(5), ctypes.c_size_t(ctypes.sizeof(ctypes.c_int)), kind(lambda a, b: a[0] - b[0]))
    assert list(numbers) == [1, 2, 3, 4, 5], list(numbers)


def identifiers():
    import uuid

    assert uuid.uuid1() != uuid.uuid1() and uuid.uuid4().version == 4
    if "_uuid" in required:
        import _uuid

        assert len(_uuid.generate_time_safe()[0]) == 16


def digests():
    import hashlib

    known = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert hashlib.sha256(b"abc").hexdigest() == known
    for name in ("md5", "sha1", "sha3_256", "blake2b", "sha512"):
        hashlib.new(name, b"abc", usedforsecurity=False).digest()
    assert len(hashlib.pbkdf2_hmac("sha256", b"a", b"b", 10)) == 32


def numbers():
    import decimal

    decimal.getcontext().prec = 50
    assert str(decimal.Decimal(2).sqrt()) == "1.4142135623730950488016887242096980785696718753769"
    import _decimal  # the fast one


def semaphores():
    import multiprocessing

    lock = multiprocessing.Lock()
    with lock:
        assert not lock.acquire(block=False)


def zones():
    import datetime
    import zoneinfo

    with open(os.path.join(os.environ["TMPDIR"], "zone"), "w+b") as f:
        # A TZif file of version 2 without transitions: everything is in its footer (RFC 8536).
        empty = b"TZif2" + bytes(15) + b"".join(n.to_bytes(4, "big") for n in (0, 0, 0, 0, 1, 4)) + bytes(6) + b"UTC\0"
        f.write(empty + empty + b"\nCET-1CEST,M3.5.0,M10.5.0/3\n")
        f.seek(0)
        zone = zoneinfo.ZoneInfo.from_file(f)
    assert datetime.datetime(2025, 7, 1, tzinfo=zone).utcoffset() == datetime.timedelta(hours=2)


def text():
    script = r"import sys; print(sys.flags.utf8_mode or sys.stdout.encoding, '\u20ac', sys.argv[1] == '\u20ac')"
    result = subprocess.run([sys.executable, "-I", "-B", "-c", script, "\u20ac".encode()], env={}, stdout=subprocess.PIPE, check=True)
    assert result.stdout.decode("utf-8").split()[1:] == ["\u20ac", "True"], result.stdout


def threads():
    done = []
    workers = [threading.Thread(target=done.append, args=(n,)) for n in range(8)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert sorted(done) == list(range(8))


for subject, function in {
    "TLS handshake in memory": tls, "CA bundle": certificates, "sqlite3 with FTS5": sqlite, "bz2, lzma and zlib": compression,
    "ctypes callback": callback, "uuid": identifiers, "hashlib": digests, "decimal": numbers, "multiprocessing semaphore": semaphores,
    "zoneinfo": zones, "UTF-8 without LANG": text, "threads": threads,
}.items():
    attempt(subject, function)
print("done")
