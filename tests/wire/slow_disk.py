"""A disk that stands still when it is told to:  slow_disk.py IMAGE FOLDER GATE

Mounts on FOLDER a file system (FUSE) with one file, "disk", whose bytes are those of IMAGE. While the file GATE exists nothing
is read from it: who reads waits until GATE is gone. Ended by a signal; what waits then fails with EIO.
"""
import ctypes, os, select, struct, sys, time

image, folder, gate = sys.argv[1:4]
LOOKUP, FORGET, GETATTR, OPEN, READ, STATFS, INIT, INTERRUPT, BATCH_FORGET = 1, 2, 3, 14, 15, 17, 26, 36, 42
RELEASE = 18
SILENT = (FORGET, BATCH_FORGET, INTERRUPT)
FOPEN_DIRECT_IO = 1
ROOT, DISK = 1, 2
ENOENT, ENOSYS = 2, 38
source = os.open(image, os.O_RDONLY)
size = os.fstat(source).st_size
fuse = os.open("/dev/fuse", os.O_RDWR)
libc = ctypes.CDLL(None, use_errno=True)
options = f"fd={fuse},rootmode=40000,user_id=0,group_id=0,allow_other".encode()
if libc.mount(b"slow", folder.encode(), b"fuse.slow", 0, options) != 0:
    sys.exit(f"mount: {os.strerror(ctypes.get_errno())}")


def attributes(node):
    mode, length = (0o100444, size) if node == DISK else (0o040555, 0)
    return struct.pack("<6Q10I", node, length, (length + 511) // 512, 0, 0, 0, 0, 0, 0, mode, 1, 0, 0, 0, 4096, 0)


def answer(unique, error=0, data=b""):
    try:
        os.write(fuse, struct.pack("<IiQ", 16 + len(data), -error, unique) + data)
    except FileNotFoundError:
        pass  # who asked is gone


def handle(opcode, unique, node, body):
    if opcode == INIT:
        major, minor, readahead, _ = struct.unpack_from("<4I", body)
        answer(unique, 0, struct.pack("<4I2H2I2H8I", 7, min(minor, 31), readahead, 0, 16, 12, 131072, 1, 32, 0, *[0] * 8))
    elif opcode == LOOKUP and body.rstrip(b"\0") == b"disk":
        answer(unique, 0, struct.pack("<4Q2I", DISK, 0, 3600, 3600, 0, 0) + attributes(DISK))
    elif opcode == LOOKUP:
        answer(unique, ENOENT)
    elif opcode == GETATTR:
        answer(unique, 0, struct.pack("<Q2I", 3600, 0, 0) + attributes(node))
    elif opcode == OPEN:
        answer(unique, 0, struct.pack("<Q2I", 0, FOPEN_DIRECT_IO, 0))
    elif opcode == READ:
        _, offset, n = struct.unpack_from("<2QI", body)
        answer(unique, 0, os.pread(source, n, offset))
    elif opcode == RELEASE:
        answer(unique)
    elif opcode not in SILENT:
        answer(unique, ENOSYS)


waiting = []
while True:
    closed = os.path.exists(gate)
    if not closed:
        for request in waiting:
            handle(*request)
        waiting = []
    if not select.select([fuse], [], [], 0.05)[0]:
        continue
    data = os.read(fuse, 1 << 20)
    _, opcode, unique, node = struct.unpack_from("<2I2Q", data)
    request = opcode, unique, node, data[40:]
    if closed and opcode == READ:
        waiting.append(request)
    else:
        handle(*request)
