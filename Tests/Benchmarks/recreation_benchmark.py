#!/usr/bin/env python3
"""recreation_benchmark.py --dlv DLV [FILES.safetensors ...]

Whether predicted recreation costs are true: archives the same checkpoints under plans from the minimum
spanning tree to the shortest-path tree, reads every snapshot, and prints measured / predicted processor time.
FILES are checkpoints of one architecture; without them those of the test suite are taken.
"""
import argparse, glob, json, os, statistics, subprocess, tempfile

PLANS = [["--algorithm", "mst"]] + [["--alpha", alpha] for alpha in ("6", "3", "2", "1.5", "1.2")]
PLANS += [["--algorithm", "spt"]]


def run(*words):
    return subprocess.run(words, check=True, capture_output=True, text=True).stdout


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--dlv", required=True)
    parser.add_argument("files", nargs="*")
    options = parser.parse_args()
    fixtures = os.path.join(os.path.dirname(__file__), "..", "Fixtures", "lenet", "*.safetensors")
    files = options.files or sorted(glob.glob(fixtures))
    print("retrieval\tplan\tstored/raw\tmeasured/predicted of a snapshot: median\tleast\tlargest\tall together")
    with tempfile.TemporaryDirectory() as work:
        archive = os.path.join(work, "zoo.dlv")
        run(options.dlv, "init", archive)
        for index, file in enumerate(files):
            run(options.dlv, "commit", "--archive", archive, "--model", f"m{index:03}", file)
        for retrieval in ("independent", "parallel"):
            for plan in PLANS:
                report = json.loads(run(options.dlv, "archive", "--archive", archive, "--json", "--measure",
                                        "--retrieval", retrieval, *plan))
                ratios = [m / p for m, p in zip(report["measured"], report["recreation"])]
                total = sum(report["measured"]) / sum(report["recreation"])
                stored = report["pack_bytes"] / report["bytes"]
                print(f"{retrieval}\t{' '.join(plan)}\t{stored:.4f}\t{statistics.median(ratios):.3f}\t"
                      f"{min(ratios):.3f}\t{max(ratios):.3f}\t{total:.3f}", flush=True)
        run(options.dlv, "verify", "--deep", "--archive", archive)


main()
