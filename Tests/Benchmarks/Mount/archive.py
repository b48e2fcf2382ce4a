"""The archive that is measured: a model with fine-tunes, folders of small files, and a model of many versions."""
import os, shutil, sqlite3
import numpy as np
from safetensors.numpy import save_file
from servers import run

# The fine-tunes are made like those of networks with ReLU (cnn of the training script: each is stored in
# about .41 of its bytes): of their rows as many never move, since their neuron is dead; the others move by
# a step of their own row's and column's size, which spreads by this factor (the sigma of its logarithm).
DEAD_ROWS = 0.3
STEP = 1e-4
SPREAD = 0.5

VERSIONS = 100_000


def weights(mebibytes):
    """A model of that size: matrices of 4 MiB, their rows of different size."""
    generator = np.random.default_rng(1)
    return {
        f"layer{number}.weight": generator.standard_normal((1024, 1024), dtype="f4") * np.float32(0.02)
        * np.exp(SPREAD * generator.standard_normal((1024, 1), dtype="f4"))
        for number in range(mebibytes // 4)
    }


def train(tensors, seed):
    """A fine-tuning step of all tensors, in place."""
    generator = np.random.default_rng(seed)
    for number, tensor in enumerate(tensors.values()):
        # A dead neuron stays dead in all fine-tunes.
        alive = np.random.default_rng(1000 + number).random((tensor.shape[0], 1)) >= DEAD_ROWS
        rows = np.exp(SPREAD * generator.standard_normal((tensor.shape[0], 1), dtype="f4"))
        columns = np.exp(SPREAD * generator.standard_normal((1, tensor.shape[1]), dtype="f4"))
        steps = generator.standard_normal(tensor.shape, dtype="f4") * (rows * columns * np.float32(STEP))
        tensor += np.where(alive, steps, np.float32(0))


def commit_models(dlv, archive, work, mebibytes):
    """A base and four fine-tunes, each of the one before; the first and last stay as plain files."""
    tensors = weights(mebibytes)
    file = f"{work}/big.safetensors"
    os.makedirs(f"{work}/plain")
    for version in range(1, 6):
        if version > 1:
            train(tensors, seed=100 + version)
        save_file(tensors, file)
        run(dlv, "commit", "--archive", archive, "--model", "big", file)
        if version == 1:
            shutil.copy(file, f"{work}/plain/base.safetensors")
    shutil.move(file, f"{work}/plain/deep.safetensors")


def commit_folders(dlv, archive, work):
    for name, count in (("d1000", 1000), ("d10000", 10000)):
        folder = f"{work}/small/{name}"
        os.makedirs(folder)
        for number in range(count):
            with open(f"{folder}/f{number:05d}", "wb") as small:
                small.write(number.to_bytes(4, "little") * 1024)
    run(dlv, "commit", "--archive", archive, "--model", "small", f"{work}/small")


def commit_many(dlv, archive, work):
    """A model of very many versions: one is committed, the others are rows of the catalog, which is all that
    a listing looks at; to commit each would take minutes."""
    note = f"{work}/note.txt"
    with open(note, "w") as file:
        file.write("a version\n")
    run(dlv, "commit", "--archive", archive, "--model", "many", note)
    catalog = sqlite3.connect(f"{archive}/catalog.sqlite")
    model, time = catalog.execute(
        "SELECT model, creationTime FROM version ORDER BY id DESC LIMIT 1").fetchone()
    catalog.executemany(
        "INSERT INTO version (globalID, model, number, creationTime, message) VALUES (?, ?, ?, ?, '')",
        ((os.urandom(16), model, number, time + number) for number in range(2, VERSIONS + 1)))
    catalog.execute("UPDATE model SET lastNumber = ? WHERE id = ?", (VERSIONS, model))
    catalog.commit()
    catalog.close()


def make_archive(dlv, work, mebibytes):
    archive = f"{work}/zoo.dlv"
    run(dlv, "init", archive)
    commit_models(dlv, archive, work, mebibytes)
    commit_folders(dlv, archive, work)
    commit_many(dlv, archive, work)
    return archive
