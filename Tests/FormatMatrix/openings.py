"""Opens mounted files with the libraries that wrote them, and compares with the originals."""
import os

import gguf
import h5py
import numpy as np
import onnx
import onnxruntime
import torch
from safetensors import safe_open

opened = {}


def count(kind):
    opened[kind] = opened.get(kind, 0) + 1


def elements(tensor):
    """The bytes of a tensor in row-major order."""
    return bytes(tensor.detach().clone(memory_format=torch.contiguous_format).untyped_storage())


def same(left, right):
    """Whether two loaded objects hold the same tensors."""
    if isinstance(left, torch.Tensor):
        return left.dtype == right.dtype and left.shape == right.shape and elements(left) == elements(right)
    if isinstance(left, dict):
        return left.keys() == right.keys() and all(same(left[key], right[key]) for key in left)
    if isinstance(left, (list, tuple)):
        return len(left) == len(right) and all(map(same, left, right))
    if isinstance(left, torch.nn.Module):
        return same(left.state_dict(), right.state_dict())
    return left == right


def check(path, mounted):
    """What went wrong with a mounted file, as texts."""
    name = os.path.basename(path)
    if name.endswith(".pth"):
        try:
            torch.load(path)
        except AttributeError:
            return []  # torch writes the newest dtypes in the old format, but does not read them
    try:
        if name == "script.pt":
            equal = same(torch.jit.load(mounted).state_dict(), torch.jit.load(path).state_dict())
            count("torch.jit.load")
        elif name.endswith(".pt2"):
            equal = same(torch.export.load(mounted).state_dict, torch.export.load(path).state_dict)
            count("torch.export.load")
        elif name.endswith((".pt", ".ckpt")):
            equal = same(torch.load(mounted, mmap=True, weights_only=False), torch.load(path, weights_only=False))
            count("torch.load(mmap=True)")
        elif name.endswith(".pth"):
            equal = same(torch.load(mounted), torch.load(path))
            count("torch.load of the old format")
        elif name.endswith(".safetensors"):
            with safe_open(mounted, "pt") as left, safe_open(path, "pt") as right:
                equal = all(same(left.get_tensor(key), right.get_tensor(key)) for key in right.keys())
            count("safetensors.safe_open")
        elif name.endswith(".npz") or name.endswith(".npy"):
            return []  # compared through layers/, which numpy.load opens
        elif name.startswith("onnx"):
            folder = os.path.isdir(path)
            if folder:
                path, mounted = f"{path}/model.onnx", f"{mounted}/model.onnx"
            left, right = onnx.load(mounted), onnx.load(path)
            equal = left.SerializeToString() == right.SerializeToString()
            count("onnx.load")
            session = onnxruntime.InferenceSession(mounted)
            equal = equal and session.run(None, {"x": np.ones(1, np.float32)})[0][0] == 1
            count("onnxruntime")
        elif name.endswith(".gguf"):
            left, right = gguf.GGUFReader(mounted), gguf.GGUFReader(path)
            equal = all(a.name == b.name and np.array_equal(a.data, b.data) for a, b in zip(left.tensors, right.tensors))
            count("gguf.GGUFReader")
        elif name.endswith(".h5"):
            with h5py.File(mounted) as left, h5py.File(path) as right:
                names = []
                right.visititems(lambda key, item: names.append(key) if isinstance(item, h5py.Dataset) else None)
                equal = all(np.array_equal(left[key][()], right[key][()]) for key in names)
            count("h5py.File")
        elif name.endswith(".keras"):
            import keras
            left, right = keras.saving.load_model(mounted), keras.saving.load_model(path)
            equal = all(np.array_equal(a, b) for a, b in zip(left.get_weights(), right.get_weights()))
            count("keras.saving.load_model")
        else:
            return []
    except Exception as error:
        return [f"{name} does not open: {type(error).__name__}: {str(error)[:200]}"]
    return [] if equal else [f"{name} opens as something else"]


def write_hub_folder(folder):
    """A small model as transformers writes it, with a training run beside it."""
    from transformers import BertConfig, BertModel
    torch.manual_seed(0)
    network = BertModel(BertConfig(hidden_size=64, num_hidden_layers=2, num_attention_heads=2,
                                   intermediate_size=128, vocab_size=500))
    network.save_pretrained(folder, max_shard_size="200KB")
    optimizer = torch.optim.AdamW(network.parameters())
    for step in (100, 200):
        for parameter in network.parameters():
            parameter.grad = torch.randn_like(parameter)
        optimizer.step()
        network.save_pretrained(f"{folder}/checkpoint-{step}")
        torch.save(optimizer.state_dict(), f"{folder}/checkpoint-{step}/optimizer.pt")
        torch.save({"last_epoch": step}, f"{folder}/checkpoint-{step}/scheduler.pt")
        torch.save({"python": (3, (1, 2), None), "cpu": torch.get_rng_state()},
                   f"{folder}/checkpoint-{step}/rng_state.pth")
    return folder


def check_hub(mounted, original):
    from transformers import BertModel
    failures = []
    for folder in ("", "/checkpoint-100", "/checkpoint-200"):
        left, right = (BertModel.from_pretrained(place + folder) for place in (mounted, original))
        if not same(dict(left.state_dict()), dict(right.state_dict())):
            failures.append(f"from_pretrained of hub{folder} gives other weights")
        count("transformers.from_pretrained")
    return failures
