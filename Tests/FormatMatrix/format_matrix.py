"""Commits files of every format, mounts the archive and compares what comes back; see Scripts/format-matrix."""
import csv
import filecmp
import json
import os
import subprocess
import sys
import tempfile

import numpy as np

import openings
import writers
from figures import print_figures


def dlv(*arguments):
    result = subprocess.run(["dlv", *arguments], capture_output=True, text=True)
    if result.returncode:
        sys.exit(f"dlv {' '.join(arguments)}: {result.stderr}")
    return result.stdout


def files_below(path):
    if os.path.isfile(path):
        return [("", path)]
    return [(os.path.relpath(os.path.join(root, name), path), os.path.join(root, name))
            for root, _, names in os.walk(path) for name in names]


def restored(source, mounted):
    """Whether every committed file is the same bytes in the mount."""
    return all(
        filecmp.cmp(path, f"{mounted}/{relative}" if relative else mounted, shallow=False)
        for relative, path in files_below(source)
    )


def compare_layers(snapshot, expected):
    """The tensors that differ, and the number of those that are equal."""
    with open(f"{snapshot}/layers/index.tsv") as file:
        index = {row["tensor"]: row["file"] for row in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)}
    wrong = []
    for name, array in expected.items():
        if name not in index:
            wrong.append(f"{name} is missing")
            continue
        found = np.load(f"{snapshot}/layers/{index[name]}")
        if found.shape != array.shape or found.dtype != array.dtype or found.tobytes() != array.tobytes():
            wrong.append(f"{name}: {found.dtype}{found.shape} for {array.dtype}{array.shape}")
    return wrong, len(expected) - len(wrong)


def commit_cases(writer, place, archive):
    """Writes the files of a writer and commits them as one version, each with tensors as a snapshot."""
    folder = f"{place}/{writer.__name__}"
    os.mkdir(folder)
    cases = list(writer(folder))
    arguments = []
    for number, (path, expected) in enumerate(cases):
        if expected != {}:
            arguments += ["--snapshot", f"{number}={path}"]
    dlv("commit", "--archive", archive, "--model", writer.__name__, *arguments, folder)
    return cases


def check_cases(name, cases, version):
    """Compares what a version shows of its cases with what was written."""
    failures, same, equal = [], 0, 0
    for number, (path, expected) in enumerate(cases):
        mounted = f"{version}/files/{os.path.basename(path)}"
        if restored(path, mounted):
            same += 1
        else:
            failures.append(f"{path} came back different")
        if expected:
            wrong, count = compare_layers(f"{version}/snapshots/{number}", expected)
            equal += count
            failures += [f"{os.path.basename(path)}: {text}" for text in wrong]
        failures += openings.check(path, mounted)
    print(f"{name}: {len(cases)} files, {same} restored byte for byte, {equal} tensors equal through layers/")
    return failures


def main():
    failures = []
    with tempfile.TemporaryDirectory(prefix="dlv-matrix-") as place:
        archive, mount = f"{place}/zoo.dlv", f"{place}/mnt"
        os.mkdir(mount)
        dlv("init", archive)
        found = {}
        for writer in (writers.torch_files, writers.views, writers.numpy_files, writers.onnx_files,
                       writers.gguf_files, writers.hdf5_files):
            found[writer.__name__] = commit_cases(writer, place, archive)
        hub = openings.write_hub_folder(f"{place}/hub")
        dlv("commit", "--archive", archive, "--model", "hub", hub)
        dlv("mount", archive, mount)
        try:
            for name, cases in found.items():
                failures += check_cases(name, cases, f"{mount}/models/{name}/latest")
            failures += openings.check_hub(f"{mount}/models/hub/latest/files", hub)
        finally:
            dlv("unmount", mount)
        print(f"opened as the originals: {json.dumps(openings.opened)}")
        if "--figures" in sys.argv:
            print_figures(place)
    for failure in failures[:40]:
        print("DIFFERENT:", failure)
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
