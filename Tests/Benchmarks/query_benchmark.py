#!/usr/bin/env python3
"""query_benchmark.py --dlv DLV [--versions N] [--rounds N] [--networks N] [--network FILE]

Builds the catalog of an archive with many versions (their facts, no weights), and asks it questions
twice: in DQL by `dlv query`, and in SQL by hand on the same catalog, interleaved. Prints the CPU time of
each, user and system, as the least of the rounds, and the ratio DQL / SQL; then the same without what
either process takes to start, asked of an archive without versions. Last, what a question about the layers
of many networks costs each of them.
"""

import argparse
import os
import random
import resource
import subprocess
import sys
import tempfile

SQL_RUNNER = """
import sqlite3, sys
catalog = sqlite3.connect("file:" + sys.argv[1] + "?mode=ro", uri=True)
print(len(catalog.execute(sys.argv[2]).fetchall()))
"""

LAST = "(SELECT value FROM measurement WHERE version = v.id AND name = '{}' ORDER BY iteration DESC LIMIT 1)"
CONFIG = "(SELECT value FROM hyperparameter WHERE version = v.id AND name = '{}')"

QUESTIONS = [
    (
        "a measurement above a threshold",
        'select m.name, m.version, m["accuracy"] where m["accuracy"] > 0.9995',
        f"""SELECT m.name, number, {LAST.format("accuracy")} FROM version v JOIN model m ON m.id = v.model
            WHERE removalTime IS NULL AND {LAST.format("accuracy")} > 0.9995 ORDER BY m.name, number""",
    ),
    (
        "the ten best of one hyperparameter",
        'select m.name, m["loss"] where m.config.lr < 0.01 order by m["loss"] limit 10',
        f"""SELECT m.name, {LAST.format("loss")} AS loss FROM version v JOIN model m ON m.id = v.model
            WHERE removalTime IS NULL AND CAST({CONFIG.format("lr")} AS REAL) < 0.01
            ORDER BY loss IS NULL, loss LIMIT 10""",
    ),
    (
        "names, times and parentheses",
        'select m.name where m.name like "model-1%" and (m.version > 97 or m.creation_time < "2026-01-02")',
        """SELECT m.name FROM version v JOIN model m ON m.id = v.model
            WHERE removalTime IS NULL AND m.name GLOB 'model-1*'
                AND (number > 97 OR creationTime < 1767312000000) ORDER BY m.name, number""",
    ),
    (
        "how many",
        'select count where max(m["accuracy"]) > 0.5',
        """SELECT count(*) FROM version v WHERE removalTime IS NULL AND
            (SELECT max(value) FROM measurement WHERE version = v.id AND name = 'accuracy') > 0.5""",
    ),
]


def fill(path, count):
    """Adds versions to the catalog at path: a hundred to a model."""
    import sqlite3

    numbers = random.Random(1)
    catalog = sqlite3.connect(path)
    models = (count + 99) // 100
    catalog.executemany(
        "INSERT INTO model (id, name, lastNumber) VALUES (?, ?, 100)",
        ((model + 1, f"model-{model}") for model in range(models)),
    )
    for version in range(1, count + 1):
        model, number = (version - 1) // 100 + 1, (version - 1) % 100 + 1
        time = 1767225600000 + version * 60000
        catalog.execute(
            "INSERT INTO version (id, globalID, model, number, creationTime, message) VALUES (?, ?, ?, ?, ?, ?)",
            (version, numbers.randbytes(16), model, number, time, "trained"),
        )
        catalog.executemany(
            "INSERT INTO hyperparameter VALUES (?, ?, ?)",
            [
                (version, "lr", str(numbers.choice([0.1, 0.05, 0.01, 0.005, 0.001]))),
                (version, "optimizer", '"adam"'),
                (version, "batch_size", str(numbers.choice([32, 64, 128]))),
            ],
        )
        catalog.executemany(
            "INSERT INTO measurement VALUES (?, ?, ?, ?)",
            [
                (version, name, iteration, numbers.random())
                for name in ("accuracy", "loss")
                for iteration in (100, 200, 300, 400)
            ],
        )
    catalog.execute("UPDATE counter SET value = value + 1 WHERE name = 'generation'")
    catalog.commit()
    catalog.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    catalog.close()


def cpu(command):
    """The CPU seconds of a command, and the number of lines that it printed."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, output


def multiply(path, count):
    """Gives the one version of a catalog, with its network, so many twins with networks of their own."""
    import sqlite3

    numbers = random.Random(2)
    catalog = sqlite3.connect(path)
    columns = [row[1] for row in catalog.execute("PRAGMA table_info(network)")]
    network = dict(zip(columns, catalog.execute("SELECT * FROM network").fetchone()))
    for twin in range(2, count + 1):
        network |= {"id": twin, "hash": numbers.randbytes(32)}
        marks = ", ".join("?" for _ in columns)
        catalog.execute(f"INSERT INTO network VALUES ({marks})", [network[column] for column in columns])
        catalog.execute(
            "INSERT INTO version (id, globalID, model, number, creationTime, message) VALUES (?, ?, 1, ?, 0, '')",
            (twin, numbers.randbytes(16), twin),
        )
        catalog.execute("INSERT INTO versionNetwork (version, network) VALUES (?, ?)", (twin, twin))
    catalog.commit()
    catalog.close()


def networks(options, folder):
    """Prints what a selector costs a network."""
    archive = os.path.join(folder, "networks.dlv")
    subprocess.run([options.dlv, "init", archive], check=True, capture_output=True)
    commit = [options.dlv, "commit", "--archive", archive, "--model", "net", options.network]
    subprocess.run(commit, check=True, capture_output=True)
    layers = int(cpu([options.dlv, "query", "--archive", archive, "select m.layers"])[1].split()[-1])
    question = 'select count where m["*conv*"].next has POOL("MAX")'
    one = min(cpu([options.dlv, "query", "--archive", archive, question])[0] for _ in range(options.rounds))
    multiply(os.path.join(archive, "catalog.sqlite"), options.networks)
    all_ = min(cpu([options.dlv, "query", "--archive", archive, question])[0] for _ in range(options.rounds))
    each = (all_ - one) / (options.networks - 1) * 1e6
    print(f"a selector with .next has: {options.networks} networks of {layers} layers, {each:.1f} µs CPU a network")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--dlv", required=True)
    parser.add_argument("--versions", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--networks", type=int, default=10_000)
    here = os.path.dirname(os.path.abspath(__file__))
    parser.add_argument(
        "--network", default=os.path.join(here, "..", "Fixtures", "networks", "caffe", "googlenet.prototxt")
    )
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        archive = os.path.join(folder, "many.dlv")
        subprocess.run([options.dlv, "init", archive], check=True, capture_output=True)
        catalog = os.path.join(archive, "catalog.sqlite")
        fill(catalog, options.versions)
        empty = os.path.join(folder, "empty.dlv")
        subprocess.run([options.dlv, "init", empty], check=True, capture_output=True)
        print(f"{options.versions} versions, CPU seconds, least of {options.rounds} rounds")
        print(f"{'question':36} {'DQL':>7} {'SQL':>7} {'ratio':>6} {'w/o start':>9} {'rows':>6}")
        for title, dql, sql in QUESTIONS:
            dql_time, sql_time, starts, rows = [], [], ([], []), []
            for _ in range(options.rounds):
                seconds, output = cpu([options.dlv, "query", "--archive", archive, dql])
                dql_time.append(seconds)
                seconds, printed = cpu([sys.executable, "-c", SQL_RUNNER, catalog, sql])
                sql_time.append(seconds)
                starts[0].append(cpu([options.dlv, "query", "--archive", empty, dql])[0])
                nothing = [sys.executable, "-c", SQL_RUNNER, os.path.join(empty, "catalog.sqlite"), sql]
                starts[1].append(cpu(nothing)[0])
                rows = [output.count("\n") - 1, int(printed)]
            if rows[0] != rows[1]:
                sys.exit(f"{title}: DQL found {rows[0]} rows, SQL {rows[1]}")
            ratio = min(dql_time) / min(sql_time)
            bare = (min(dql_time) - min(starts[0])) / (min(sql_time) - min(starts[1]))
            print(f"{title:36} {min(dql_time):7.3f} {min(sql_time):7.3f} {ratio:6.2f} {bare:9.2f} {rows[0]:6}")
        networks(options, folder)


if __name__ == "__main__":
    main()
