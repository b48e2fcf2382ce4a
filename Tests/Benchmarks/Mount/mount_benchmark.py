#!/usr/bin/env python3
"""mount_benchmark.py --dlv DLV [--mebibytes N] [--rounds N] [--work DIR] [--only NAME,…]

How fast a mount is, as ratios to what else reads the same bytes in the same run: a file system in C that answers
from memory (the ceiling of what FUSE allows), squashfuse with zstd, and the plain file. The servers take turns,
round after round, and the median ratio counts; a cold read is of a mount that was just made. One line a figure:
name, median ratio, then each round's. Needs root for what is cold, a C compiler, libfuse, and for the peer
mksquashfs and squashfuse_ll.
"""
import argparse, contextlib, json, os, shutil, statistics, subprocess, sys, tempfile, time
import numpy as np
from safetensors.numpy import save_file

HERE = os.path.dirname(os.path.abspath(__file__))


def run(*words, **more):
    return subprocess.run(words, check=True, capture_output=True, text=True, **more).stdout


def build(work):
    flags = run("pkg-config", "--cflags", "--libs", "fuse3").split()
    for name, extra in (("ceiling", flags), ("client", ["-lpthread"])):
        run("cc", "-O2", "-o", f"{work}/{name}", f"{HERE}/{name}.c", *extra)


def raise_read_ahead(place):
    device = os.stat(place).st_dev
    with contextlib.suppress(OSError), open(
            f"/sys/class/bdi/{os.major(device)}:{os.minor(device)}/read_ahead_kb", "w") as file:
        file.write("1024\n")


class Server:
    """A file system that is mounted for one measurement, so that it remembers nothing."""

    def __init__(self, work, start, paths):
        self.work, self.start, self.paths = work, start, paths

    @contextlib.contextmanager
    def mounted(self):
        place = tempfile.mkdtemp(dir=self.work)
        process = self.start(place)
        deadline = time.time() + 30
        while not os.path.ismount(place):
            if time.time() > deadline:
                raise SystemExit("a server did not mount")
            time.sleep(0.01)
        raise_read_ahead(place)
        try:
            yield place
        finally:
            for _ in range(50):
                if subprocess.run(["fusermount3", "-u", place], capture_output=True).returncode == 0:
                    break
                time.sleep(0.1)
            if process:
                process.wait()
            os.rmdir(place)

    def measure(self, test, what, seconds="0.5"):
        with self.mounted() as place:
            return float(run(f"{self.work}/client", test, os.path.join(place, self.paths[what]), seconds))


def weights(seed, shapes):
    generator = np.random.default_rng(seed)
    return {f"layer{i}.weight": (generator.standard_normal(shape) * 0.02).astype("f4")
            for i, shape in enumerate(shapes)}


def make_archive(dlv, work, mebibytes):
    """A model of that size, and four fine-tunes, each of the one before; and a folder of small files."""
    archive = f"{work}/zoo.dlv"
    run(dlv, "init", archive)
    shapes = [(1024, 1024)] * (mebibytes // 4)
    tensors = weights(1, shapes)
    for version in range(1, 6):
        file = f"{work}/big.safetensors"
        save_file(tensors, file)
        run(dlv, "commit", "--archive", archive, "--model", "big", file)
        if version == 1:
            os.makedirs(f"{work}/plain")
            shutil.copy(file, f"{work}/plain/base.safetensors")
        generator = np.random.default_rng(100 + version)
        for name in tensors:
            tensors[name] += generator.standard_normal(tensors[name].shape).astype("f4") * 1e-4
    shutil.move(file, f"{work}/plain/deep.safetensors")
    for name, count in (("d1000", 1000), ("d10000", 10000)):
        folder = f"{work}/small/{name}"
        os.makedirs(folder)
        for i in range(count):
            with open(f"{folder}/f{i:05d}", "wb") as small:
                small.write(i.to_bytes(4, "little") * 1024)
    run(dlv, "commit", "--archive", archive, "--model", "small", f"{work}/small")
    return archive


def servers(dlv, work, archive, mebibytes):
    def mount(place):
        run(dlv, "mount", "--log", f"{work}/log", archive, place)

    def ceiling(place):
        return subprocess.Popen([f"{work}/ceiling", place, str(mebibytes)])

    paths = {f"v{i}": f"models/big/v{i}/model.safetensors" for i in range(1, 6)}
    for name in ("d1000", "d10000"):
        paths[name] = f"models/small/v1/files/{name}"
    found = {
        "dlv": Server(work, mount, paths),
        "ceiling": Server(work, ceiling, {**{f"v{i}": "big" for i in range(1, 6)},
                                          "d1000": "d1000", "d10000": "d10000"}),
    }
    if shutil.which("mksquashfs") and shutil.which("squashfuse_ll"):
        image = f"{work}/plain.squashfs"
        run("mksquashfs", f"{work}/plain", image, "-comp", "zstd", "-Xcompression-level", "3", "-b", "128K",
            "-no-progress")
        found["squashfuse"] = Server(
            work, lambda place: subprocess.Popen(["squashfuse_ll", "-f", image, place]),
            {"v1": "base.safetensors", "v2": "base.safetensors", "v5": "deep.safetensors"})
    return found


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
]


def show(name, ratios):
    print(f"{name}\t{statistics.median(ratios):.3f}\t{' '.join(f'{ratio:.2f}' for ratio in ratios)}", flush=True)


def compare(found, rounds, only):
    for name, test, what, peer in FIGURES:
        if peer not in found or (only and not any(word in name for word in only)):
            continue
        ratios, speeds = [], []
        for _ in range(rounds):
            speeds.append(found["dlv"].measure(test, what))
            ratios.append(speeds[-1] / found[peer].measure(test, what))
        unit = "MB/s" if test in ("seq", "seq-warm", "mmap", "mmap-warm") else "/s"
        speed = statistics.median(speeds) / (1e6 if unit == "MB/s" else 1)
        show(f"{name} ÷ {peer} ({speed:,.0f} {unit})", ratios)
    if not only or "streams" in only:
        show("two streams ÷ one", [found["dlv"].measure("two", "v1") / found["dlv"].measure("seq", "v1")
                                   for _ in range(rounds)])


LOAD = """
import sys, time
from safetensors.numpy import load_file
start = time.perf_counter(); load_file(sys.argv[1]); print(time.perf_counter() - start)
"""


def loading(found, work, rounds):
    """safetensors' load of the whole model ÷ the load of the plain file, cold and warm."""
    plain = f"{work}/plain/base.safetensors"
    seconds = lambda path: float(run(sys.executable, "-c", LOAD, path))
    cold, warm = [], []
    for _ in range(rounds):
        with found["dlv"].mounted() as place:
            path = f"{place}/{found['dlv'].paths['v1']}"
            first, second = seconds(path), seconds(path)
        os.posix_fadvise(os.open(plain, os.O_RDONLY), 0, 0, os.POSIX_FADV_DONTNEED)
        cold.append(first / seconds(plain))
        warm.append(second / seconds(plain))
    show("safetensors load ÷ plain file, cold", cold)
    show("safetensors load ÷ plain file, warm", warm)


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


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--dlv", required=True)
    parser.add_argument("--mebibytes", type=int, default=480)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--work")
    parser.add_argument("--only", default="")
    options = parser.parse_args()
    only = [word for word in options.only.split(",") if word]
    with tempfile.TemporaryDirectory(dir=options.work) as work:
        build(work)
        archive = make_archive(os.path.abspath(options.dlv), work, options.mebibytes)
        found = servers(os.path.abspath(options.dlv), work, archive, options.mebibytes)
        compare(found, options.rounds, only)
        if not only or "load" in only:
            loading(found, work, options.rounds)
        if not only or "memory" in only:
            memory(found)


main()
