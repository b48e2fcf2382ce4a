"""How long the usual libraries take to load a model from a mount, beside the plain file."""
import os, statistics, subprocess
from archive import weights
from safetensors.numpy import save_file
from servers import run

# Times the load alone: the libraries are imported before.
LOADERS = {
    "safetensors.numpy": """
import sys, time
from safetensors.numpy import load_file
start = time.perf_counter(); load_file(sys.argv[1]); print(time.perf_counter() - start)
""",
    "safetensors.torch": """
import sys, time
from safetensors.torch import load_file
start = time.perf_counter()
sum(float(tensor.view(-1)[::1024].sum()) for tensor in load_file(sys.argv[1]).values())
print(time.perf_counter() - start)
""",
    "torch.load": """
import sys, time, torch
start = time.perf_counter(); torch.load(sys.argv[1], weights_only=True); print(time.perf_counter() - start)
""",
}

SAVE_TORCH = """
import sys, torch
from safetensors.torch import load_file
torch.save(load_file(sys.argv[1]), sys.argv[2])
"""


def has_torch(python):
    return subprocess.run([python, "-c", "import torch, safetensors"], capture_output=True).returncode == 0


def drop(path):
    """Has the kernel forget a file's pages; those that are not on the disk yet it would keep."""
    file = os.open(path, os.O_RDONLY)
    os.fsync(file)
    os.posix_fadvise(file, 0, 0, os.POSIX_FADV_DONTNEED)
    os.close(file)


def seconds(python, loader, path):
    return float(run(python, "-c", LOADERS[loader], path))


def compare(server, model, python, rounds):
    """Yields name and ratios, mount ÷ plain file, of each loader: cold, then warm."""
    for loader in LOADERS:
        if "torch" in loader and not has_torch(python):
            continue
        kind = "pt" if loader == "torch.load" else "safetensors"
        plain, inside = model[kind]
        cold, warm, plain_seconds = [], [], []
        for _ in range(rounds):
            with server.mounted() as place:
                first, second = (seconds(python, loader, f"{place}/{inside}") for _ in range(2))
            drop(plain)
            plain_seconds.append(seconds(python, loader, plain))
            cold.append(first / plain_seconds[-1])
            warm.append(second / seconds(python, loader, plain))
        name = f"{loader}, {model['mebibytes']} MiB"
        yield f"{name} ÷ plain file, cold ({statistics.median(plain_seconds) * 1000:.0f} ms plain)", cold
        yield f"{name} ÷ plain file, warm", warm


def models(dlv, work, archive, python, mebibytes):
    """A small and the large model, as safetensors and, where there is PyTorch, as .pt: plain and mounted."""
    found = []
    for name, size in (("medium", min(88, mebibytes)), ("large", mebibytes)):
        folder = f"{work}/{name}"
        if not os.path.exists(folder):
            os.makedirs(folder)
            save_file(weights(size), f"{folder}/m.safetensors")
            if has_torch(python):
                run(python, "-c", SAVE_TORCH, f"{folder}/m.safetensors", f"{folder}/m.pt")
            run(dlv, "commit", "--archive", archive, "--model", name, folder)
        paths = {kind: (f"{folder}/m.{kind}", f"models/{name}/v1/files/m.{kind}")
                 for kind in ("safetensors", "pt") if os.path.exists(f"{folder}/m.{kind}")}
        found.append(paths | {"mebibytes": size})
    return found
