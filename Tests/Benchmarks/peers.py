"""What other ways to store checkpoints make of the same files, for archive_benchmark.py.

Each peer gets every file with the one it follows (None for the first) and gives the stored bytes; what comes
back is compared. Speeds are megabytes (1e6) a second of processor time, of the peer's own process where it has
one, so that they mean something on a machine that does other things as well.
"""
import hashlib, json, os, resource, subprocess, time
import numpy as np


class Clock:
    """Adds up the processor time of blocks, that of child processes included."""

    def __init__(self):
        self.seconds = 0.0

    @staticmethod
    def now():
        children = resource.getrusage(resource.RUSAGE_CHILDREN)
        return time.process_time() + children.ru_utime + children.ru_stime

    def __enter__(self):
        self.start = self.now()

    def __exit__(self, *_):
        self.seconds += self.now() - self.start


def read(path):
    with open(path, "rb") as file:
        return file.read()


def digest(path):
    return hashlib.sha256(read(path)).digest()


def zstd(path, base, work, put, get, options=("-3",)):
    """zstd's command line; with --patch-from where there is a base and the options ask for it."""
    options = list(options)
    if "--patch-from" in options:
        options[options.index("--patch-from")] = f"--patch-from={base}" if base else "--no-progress"
    packed, unpacked = os.path.join(work, "peer.zst"), os.path.join(work, "peer.out")
    with put:
        # Its advice on levels and patches is not asked for.
        subprocess.run(["zstd", "-q", "-f", "-T1", *options, path, "-o", packed], check=True, stderr=subprocess.PIPE)
    back = [option for option in options if option.startswith(("--patch-from", "--long"))]
    with get:
        subprocess.run(["zstd", "-q", "-f", "-d", *back, packed, "-o", unpacked], check=True)
    assert digest(path) == digest(unpacked), path
    return os.path.getsize(packed)


def tensors(path):
    """The bytes before the tensors of a safetensors file, and those of each tensor with their names."""
    data = read(path)
    start = 8 + int.from_bytes(data[:8], "little")
    header = json.loads(data[8:start])
    header.pop("__metadata__", None)
    found = {}
    for name, entry in sorted(header.items(), key=lambda item: item[1]["data_offsets"]):
        first, end = entry["data_offsets"]
        found[name] = (entry["dtype"], np.frombuffer(data, "u1", end - first, start + first))
    return data[:start], found


WIDTHS = {"F64": 8, "I64": 8, "F32": 4, "I32": 4, "BF16": 2, "F16": 2, "I16": 2}


def xor_planes(path, base, work, put, get):
    """The bytes of each tensor XOR those of the base's, byte plane by byte plane, under zstd -3 (BitX of ZipLLM)."""
    import zstandard

    compressor, decompressor = zstandard.ZstdCompressor(3), zstandard.ZstdDecompressor()
    head, own = tensors(path)
    bases = tensors(base)[1] if base else {}
    stored = 0
    with put:
        stored += len(compressor.compress(head))
    for name, (dtype, data) in own.items():
        width = WIDTHS.get(dtype, 1)
        other = bases.get(name, (None, None))[1]
        other = other if other is not None and other.size == data.size else None
        with put:
            delta = data if other is None else data ^ other
            planes = np.ascontiguousarray(delta.reshape(-1, width).T)
            frames = [compressor.compress(plane.data) if plane.size else b"" for plane in planes]
        with get:
            planes = [np.frombuffer(decompressor.decompress(f), "u1") if f else np.empty(0, "u1") for f in frames]
            back = np.stack(planes, 1).reshape(-1)
            if other is not None:
                back ^= other
        assert np.array_equal(back, data), (path, name)
        stored += sum(map(len, frames))
    return stored


ZIPNN = """
import sys, time, warnings
warnings.simplefilter("ignore")
from zipnn import ZipNN
coder = ZipNN(bytearray_dtype=sys.argv[1], input_format="byte", threads=1)
for path in sys.argv[2:]:
    data = open(path, "rb").read()
    # It works in the buffer that it is given.
    start = time.process_time()
    packed = coder.compress(bytearray(data))
    middle = time.process_time()
    back = coder.decompress(packed)
    end = time.process_time()
    assert bytes(back) == data, path
    print(len(packed), middle - start, end - middle)
"""


def zipnn(files, python):
    """ZipNN of PyPI on each file, by a Python that has it and what it needs, torch among others."""
    dtypes = {tensor[0] for tensor in tensors(files[0])[1].values()}
    dtype = "bfloat16" if "BF16" in dtypes else "float32"
    output = subprocess.run(
        [python, "-c", ZIPNN, dtype, *files], check=True, capture_output=True, text=True
    ).stdout
    rows = [line.split() for line in output.splitlines()]
    return sum(int(row[0]) for row in rows), sum(float(row[1]) for row in rows), sum(float(row[2]) for row in rows)


def prototype(files, bases, program):
    """A program that prints {"size", "c", "d"} of a delta, MB/s to code and decode, on every pair of like files."""
    stored = coding = decoding = pairs = 0
    for path in files:
        base = bases[path]
        if base is None or os.path.getsize(base) != os.path.getsize(path):
            continue
        answer = json.loads(
            subprocess.run([program, path, base], check=True, capture_output=True, text=True).stdout
        )
        megabytes = os.path.getsize(path) / 1e6
        stored += answer["size"]
        coding += megabytes / answer["c"]
        decoding += megabytes / answer["d"]
        pairs += megabytes * 1e6
    return stored, coding, decoding, pairs


def table(files, bases, work, options):
    """Prints a line a peer: stored / raw of all files, and the speeds."""
    raw = sum(map(os.path.getsize, files))

    def line(name, stored, put, get, of=raw):
        speeds = [f"{of / 1e6 / seconds:.0f}" if seconds > 0 else "" for seconds in (put, get)]
        print(f"{name}\t{stored / of:.4f}\t{speeds[0]}\t{speeds[1]}", flush=True)

    chain = ("-" + str(options.patch_level), "--long=31", "--patch-from")
    ways = [
        ("zstd -3, each file", lambda *at: zstd(*at)),
        (f"zstd {' '.join(chain)}, on the chain", lambda *at: zstd(*at, chain)),
        ("XOR with the base, byte planes, zstd -3", xor_planes),
    ]
    for name, way in ways:
        put, get = Clock(), Clock()
        stored = sum(way(path, bases[path], work, put, get) for path in files)
        line(name, stored, put.seconds, get.seconds)
    if options.zipnn:
        line("ZipNN, each file", *zipnn(files, options.zipnn))
    if options.prototype:
        stored, put, get, of = prototype(files, bases, options.prototype)
        if of:
            line(f"{os.path.basename(options.prototype)}, deltas alone", stored, put, get, of)
