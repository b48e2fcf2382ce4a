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


def restored(source, version):
    """Whether every committed file is the same bytes in the mount."""
    name = os.path.basename(source)
    return all(
        filecmp.cmp(path, f"{version}/files/{relative or name}", shallow=False)
        for relative, path in files_below(source)
    )


def compare_layers(version, expected):
    """The tensors that differ, and the number of those that are equal."""
    with open(f"{version}/layers/index.tsv") as file:
        index = {row["tensor"]: row["file"] for row in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)}
    wrong = []
    for name, array in expected.items():
        if name not in index:
            wrong.append(f"{name} is missing")
            continue
        found = np.load(f"{version}/layers/{index[name]}")
        if found.shape != array.shape or found.dtype != array.dtype or found.tobytes() != array.tobytes():
            wrong.append(f"{name}: {found.dtype}{found.shape} for {array.dtype}{array.shape}")
    return wrong, len(expected) - len(wrong)


def main():
    failures = []
    with tempfile.TemporaryDirectory(prefix="dlv-matrix-") as place:
        archive, mount = f"{place}/zoo.dlv", f"{place}/mnt"
        os.mkdir(mount)
        dlv("init", archive)
        cases = []
        for writer in (writers.torch_files, writers.views, writers.numpy_files, writers.onnx_files,
                       writers.gguf_files, writers.hdf5_files):
            folder = f"{place}/{writer.__name__}"
            os.mkdir(folder)
            for path, expected in writer(folder):
                name = f"case{len(cases)}"
                dlv("commit", "--archive", archive, "--model", name, path)
                cases.append((writer.__name__, name, path, expected))
        hub = openings.write_hub_folder(f"{place}/hub")
        dlv("commit", "--archive", archive, "--model", "hub", hub)
        dlv("mount", archive, mount)
        totals = {}
        try:
            for kind, name, path, expected in cases:
                version = f"{mount}/models/{name}/latest"
                total = totals.setdefault(kind, [0, 0, 0])
                total[0] += 1
                if restored(path, version):
                    total[1] += 1
                else:
                    failures.append(f"{path} came back different")
                if expected:
                    wrong, equal = compare_layers(version, expected)
                    total[2] += equal
                    failures += [f"{os.path.basename(path)}: {text}" for text in wrong]
                failures += openings.check(path, version)
            failures += openings.check_hub(f"{mount}/models/hub/latest/files", hub)
        finally:
            dlv("unmount", mount)
        for kind, (files, same, equal) in totals.items():
            print(f"{kind}: {files} files, {same} restored byte for byte, {equal} tensors equal through layers/")
        print(f"opened as the originals: {json.dumps(openings.opened)}")
        if "--figures" in sys.argv:
            print_figures(place)
    for failure in failures[:40]:
        print("DIFFERENT:", failure)
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
