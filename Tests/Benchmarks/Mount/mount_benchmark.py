#!/usr/bin/env python3
"""mount_benchmark.py --dlv DLV [--mebibytes N] [--rounds N] [--keep DIR] [--only NAME,…] [--python PYTHON] [--touch N]

How fast a mount is, as ratios to what else reads the same bytes in the same run: a file system in C that answers
from memory (the ceiling of what FUSE allows), squashfuse with zstd, and the plain file. The servers take turns,
round after round, and the median ratio counts; a cold read is of a mount that was just made. One line a figure:
name, median ratio, then each round's.

The model has normal weights; its fine-tunes have steps like those of a network with ReLU, of whose rows three in
ten never move (archive.py says how). The ceiling's folders lie as deep as the archive's.

Needs root for what is cold, a C compiler, libfuse, and for the peer mksquashfs and squashfuse_ll. PYTHON is an
interpreter with safetensors, and for their figures with torch; else that of this program. With --keep the data is
made in DIR once and used again. --only takes parts of figures' names, and loading, memory, processor, streams.

Before each measurement N mebibytes of memory (2048) are touched: a virtual machine may have to get it from its host
first. Where random reads are slower than a tenth of the ceiling's, more are needed, and take seconds each time.
"""
import argparse, json, os, statistics, sys, tempfile
import loading
from archive import make_archive
from servers import build, servers

FIGURES = [
    # name, test, what, peer
    ("cold sequential, base", "seq", "v1", "ceiling"),
    ("cold sequential, depth 1", "seq", "v2", "ceiling"),
    ("cold sequential, deepest", "seq", "v5", "ceiling"),
    ("cold sequential, base, to squashfuse", "seq", "v1", "squashfuse"),
    ("cold mapping, base", "mmap", "v1", "ceiling"),
    ("warm sequential", "seq-warm", "v1", "ceiling"),
    ("warm mapping", "mmap-warm", "v1", "ceiling"),
    ("random 4 KiB, base, to squashfuse", "random", "v1", "squashfuse"),
    ("random 4 KiB, base", "random", "v1", "ceiling"),
    ("open+read+close", "open", "d1000", "ceiling"),
    ("stat", "stat", "d1000", "ceiling"),
    ("ls of 10,000", "list", "d10000", "ceiling"),
    ("cold ls -l of 10,000", "list-long", "d10000", "ceiling"),
    ("ls of 100,000 versions", "list", "many", "ceiling"),
    ("cold ls -l of 100,000 versions", "list-long", "many", "ceiling"),
]


def show(name, values):
    print(f"{name}\t{statistics.median(values):.3f}\t{' '.join(f'{value:.2f}' for value in values)}", flush=True)


def compare(found, rounds, wanted):
    for name, test, what, peer in FIGURES:
        if peer not in found or not wanted(name):
            continue
        ratios, speeds = [], []
        for _ in range(rounds):
            speeds.append(found["dlv"].measure(test, what))
            ratios.append(speeds[-1] / found[peer].measure(test, what))
        unit = "MB/s" if test in ("seq", "seq-warm", "mmap", "mmap-warm") else "/s"
        speed = statistics.median(speeds) / (1e6 if unit == "MB/s" else 1)
        show(f"{name} ÷ {peer} ({speed:,.0f} {unit})", ratios)


def streams(found, rounds):
    """Two threads that read a half each ÷ one that reads all: of the mount, and of the ceiling, whose server
    has nothing to do but copy, so that it shows what this machine gives to a second reader."""
    for name, what in (("dlv", "v1"), ("dlv", "v2"), ("ceiling", "v1")):
        server = found[name]
        label = {"v1": "base", "v2": "depth 1"}[what]
        show(f"two streams ÷ one, {name}, {label}",
             [server.measure("two", what) / server.measure("seq", what) for _ in range(rounds)])


def processor(found, rounds, mebibytes):
    """What a cold sequential read takes the server's processors: what it does in user mode is to decode and
    to compare checksums, in the system to read packs and to hand the bytes over."""
    for label, what in (("base", "v1"), ("depth 1", "v2"), ("deepest", "v5")):
        times = [found["dlv"].processor_seconds("seq", what) for _ in range(rounds)]
        for place, mode in enumerate(("user: decoding", "system: copying")):
            show(f"server's MB per second of a core, {label}, {mode}",
                 [mebibytes * 1.048576 / max(time[place], 0.01) for time in times])


def memory(found):
    """The server's resident memory with 1,000 files open, all of the model read through them."""
    with found["dlv"].mounted() as place:
        path = f"{place}/{found['dlv'].paths['v1']}"
        files = [os.open(path, os.O_RDONLY) for _ in range(1000)]
        for number, file in enumerate(files):
            os.pread(file, 1 << 20, number << 20)
        server = json.load(open(f"{place}/.status"))
        lines = open(f"/proc/{server['pid']}/status").read().splitlines()
        resident = next(int(line.split()[1]) for line in lines if line.startswith("VmRSS"))
        for file in files:
            os.close(file)
        print(f"memory of the server with 1,000 files open (MiB)\t{resident / 1024:.0f}\tcache "
              f"{server['cache_bytes'] >> 20} of {server['cache_bytes_max'] >> 20}")


def measure(work, options):
    wanted = lambda name: not options.only or any(word in name for word in options.only.split(","))
    dlv, archive = os.path.abspath(options.dlv), f"{work}/zoo.dlv"
    build(work)
    if not os.path.exists(archive):
        make_archive(dlv, work, options.mebibytes)
    found = servers(dlv, work, archive, options.mebibytes, options.touch)
    compare(found, options.rounds, wanted)
    if wanted("streams"):
        streams(found, options.rounds)
    if wanted("processor"):
        processor(found, options.rounds, options.mebibytes)
    if wanted("loading"):
        for model in loading.models(dlv, work, archive, options.python, options.mebibytes):
            for name, ratios in loading.compare(found["dlv"], model, options.python, options.rounds):
                show(name, ratios)
    if wanted("memory"):
        memory(found)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--dlv", required=True)
    parser.add_argument("--mebibytes", type=int, default=480)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--keep")
    parser.add_argument("--touch", type=int, default=2048)
    parser.add_argument("--only", default="")
    parser.add_argument("--python", default=sys.executable)
    options = parser.parse_args()
    if options.keep:
        os.makedirs(options.keep, exist_ok=True)
        return measure(os.path.abspath(options.keep), options)
    with tempfile.TemporaryDirectory() as work:
        measure(work, options)


main()
