#!/usr/bin/env python3
"""archive_benchmark.py --dlv DLV [--work DIR] [--runs N] [FILES.safetensors ...]

What an archive takes, and how fast commits are, beside zstd -3 on the same bytes in the same run.

FILES are checkpoints of one line of training in the order of their names; a name up to its last number is a
series (base_01, base_02 … are one), and every series after the first is committed as a fine-tune of the last
checkpoint of the first. Without FILES the checkpoints of the test suite are taken. Then a model of 105 MB and a
fine-tune of it are made, and committed. One line a figure: name, value, what it was compared with.
"""
import argparse, json, os, re, shutil, statistics, subprocess, sys, tempfile, time
import numpy as np
from safetensors.numpy import save_file


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


def storage(dlv, files, work):
    """Stored ÷ raw of a whole archive, every file of it counted, and of zstd -3 for each file."""
    archive = os.path.join(work, "storage.dlv")
    run(dlv, "init", archive)
    for index, (stem, members) in enumerate(series(files)):
        parents = ["--parent", "model@first"] if index else []
        tag = [] if index else ["--tag", "first"]
        run(dlv, "commit", "--archive", archive, "--model", "model", "-m", stem, *parents, *tag, *members)
    run(dlv, "gc", "--archive", archive)
    raw, stored = sum(map(size_of, files)), size_of(archive)
    print(f"stored/raw, {len(files)} files, whole archive\t{stored / raw:.4f}\tzstd -3 a file: "
          f"{zstd_size(files) / raw:.4f}")
    print(f"catalog/raw\t{size_of(os.path.join(archive, 'catalog.sqlite')) / raw:.5f}\t")
    run(dlv, "verify", "--deep", "--archive", archive)


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
    parser.add_argument("files", nargs="*")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=options.work) as work:
        if options.files:
            storage(options.dlv, options.files, work)
        commits(options.dlv, work, options.runs)


if __name__ == "__main__":
    main()
