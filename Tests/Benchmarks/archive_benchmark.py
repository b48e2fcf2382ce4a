#!/usr/bin/env python3
"""archive_benchmark.py --dlv DLV [--work DIR] [--runs N] [--peers] [FILES.safetensors ...]

What an archive takes, and how fast commits are, beside zstd -3 on the same bytes in the same run.

FILES are checkpoints of one line of training in the order of their names; a name up to its last number is a
series (base_01, base_02 … are one), and every series after the first is committed as a fine-tune of the last
checkpoint of the first. Without FILES the checkpoints of the test suite are taken. Then a model of 105 MB and a
fine-tune of it are made, and committed. One line a figure: name, value, what it was compared with.

With --peers it prints a table instead: what FILES take, and at what speed, in an archive as it is committed and
after `dlv archive`, and under other coders (see peers.py). --zipnn PYTHON names a Python that has ZipNN,
--prototype PROGRAM a program that codes a file as a delta to another.
"""
import argparse, os, re, shutil, statistics, subprocess, tempfile, time
import numpy as np
from safetensors.numpy import save_file

import peers


def run(*words):
    return subprocess.run(words, check=True, capture_output=True, text=True).stdout


def seconds(*words):
    start = time.perf_counter()
    run(*words)
    return time.perf_counter() - start


def size_of(path):
    if os.path.isfile(path):
        return os.path.getsize(path)
    return sum(os.path.getsize(os.path.join(folder, name))
               for folder, _, names in os.walk(path) for name in names)


def series(files):
    """The files by the part of their names before the last number, in order."""
    found = {}
    for file in sorted(files):
        stem = re.sub(r"\d+(?=\D*$).*", "", os.path.basename(file))
        found.setdefault(stem, []).append(file)
    return list(found.items())


def zstd_size(files):
    return sum(len(subprocess.run(["zstd", "-3", "-q", "-c", f], check=True, capture_output=True).stdout)
               for f in files)


def commit_series(dlv, files, archive):
    """Commits the series of files to a new archive."""
    run(dlv, "init", archive)
    for index, (stem, members) in enumerate(series(files)):
        parents = ["--parent", "model@first"] if index else []
        tag = [] if index else ["--tag", "first"]
        run(dlv, "commit", "--archive", archive, "--model", "model", "-m", stem, *parents, *tag, *members)
    run(dlv, "gc", "--archive", archive)


def storage(dlv, files, work):
    """Stored ÷ raw of a whole archive, every file of it counted, and of zstd -3 for each file."""
    archive = os.path.join(work, "storage.dlv")
    commit_series(dlv, files, archive)
    raw, stored = sum(map(size_of, files)), size_of(archive)
    print(f"stored/raw, {len(files)} files, whole archive\t{stored / raw:.4f}\tzstd -3 a file: "
          f"{zstd_size(files) / raw:.4f}")
    print(f"catalog/raw\t{size_of(os.path.join(archive, 'catalog.sqlite')) / raw:.5f}\t")
    run(dlv, "verify", "--deep", "--archive", archive)


def beside_peers(options, work):
    """A table of stored ÷ raw and MB/s of processor time: the archive, whole, and the peers."""
    files = sorted(options.files)
    bases, chains = {}, series(files)
    for index, (_, members) in enumerate(chains):
        first = chains[0][1][-1] if index else None
        bases |= dict(zip(members, [first, *members]))
    raw = sum(map(size_of, files))
    print(f"{len(files)} files, {raw / 1e6:.1f} MB\tstored/raw\tput MB/s\tget MB/s", flush=True)
    archive, out = os.path.join(work, "peers.dlv"), os.path.join(work, "out")
    for name, change in (("dlv, committed", None), ("dlv, after archive --algorithm mst", "mst")):
        put, get = peers.Clock(), peers.Clock()
        with put:
            if change:
                run(options.dlv, "archive", "--archive", archive, "--algorithm", change)
            else:
                commit_series(options.dlv, files, archive)
        for number in range(1, len(chains) + 1):
            shutil.rmtree(out, ignore_errors=True)
            with get:
                run(options.dlv, "export", "--archive", archive, f"model@v{number}", out)
            for file in chains[number - 1][1]:
                assert peers.digest(file) == peers.digest(os.path.join(out, os.path.basename(file)))
        print(f"{name}\t{size_of(archive) / raw:.4f}\t{raw / 1e6 / put.seconds:.0f}\t"
              f"{raw / 1e6 / get.seconds:.0f}", flush=True)
    peers.table(files, bases, work, options)


def large_model(work):
    """A model of 105 MB in fp32 and a fine-tune: weights and steps as training leaves them."""
    random = np.random.default_rng(1)
    base, tuned = {}, {}
    for layer in range(25):
        scale = 0.02 * np.exp(random.normal(0, 0.5, (1024, 1)))
        weight = (random.standard_normal((1024, 1024)) * scale).astype("f4")
        step = random.standard_normal((1024, 1024)) * 1e-4 * np.exp(random.normal(0, 1, (1024, 1)))
        base[f"layer{layer:02}.weight"] = weight
        tuned[f"layer{layer:02}.weight"] = (weight + step).astype("f4")
    paths = [os.path.join(work, name + ".safetensors") for name in ("base", "tuned")]
    save_file(base, paths[0])
    save_file(tuned, paths[1])
    return paths


def commits(dlv, work, runs):
    """MB/s of a commit, all in, ÷ zstd -3 with one thread on the same file, in turns."""
    base, tuned = large_model(work)
    for name, first, file in (("base", None, base), ("fine-tune", base, tuned)):
        ratios, speeds, stored = [], [], 0
        for _ in range(runs):
            archive = os.path.join(work, "speed.dlv")
            shutil.rmtree(archive, ignore_errors=True)
            run(dlv, "init", archive)
            common = ("commit", "--archive", archive, "--model", "m")
            if first:
                run(dlv, *common, "-m", "base", first)
            before = size_of(archive)
            ours = seconds(dlv, *common, "-m", name, file)
            stored = size_of(archive) - before
            peer = seconds("zstd", "-3", "-T1", "-q", "-f", file, "-o", os.path.join(work, "peer.zst"))
            ratios.append(peer / ours)
            speeds.append(size_of(file) / 1e6 / ours)
        print(f"commit of a {name}, MB/s\t{statistics.median(speeds):.0f}\t÷ zstd -3: "
              f"{statistics.median(ratios):.2f} ({min(ratios):.2f}-{max(ratios):.2f}, {runs} runs)")
        print(f"stored/raw of the {name}\t{stored / size_of(file):.4f}\tzstd -3: "
              f"{size_of(os.path.join(work, 'peer.zst')) / size_of(file):.4f}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--dlv", required=True)
    parser.add_argument("--work")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--peers", action="store_true")
    parser.add_argument("--zipnn", metavar="PYTHON")
    parser.add_argument("--prototype", metavar="PROGRAM")
    parser.add_argument("--patch-level", type=int, default=19)
    parser.add_argument("files", nargs="*")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=options.work) as work:
        if options.peers:
            return beside_peers(options, work)
        if options.files:
            storage(options.dlv, options.files, work)
        commits(options.dlv, work, options.runs)


if __name__ == "__main__":
    main()
