"""Writes weight files with the real libraries. Each writer yields (path, {name: array as layers/ shows it}).

None for the arrays means that only the library's own answer is compared, {} that the file is kept whole."""
import os
import warnings

import gguf
import h5py
import ml_dtypes
import numpy as np
import onnx
import safetensors.torch
import torch
from onnx import TensorProto, external_data_helper, helper, numpy_helper

warnings.filterwarnings("ignore")
SHAPES = [(), (1,), (3,), (2, 3), (0, 2), (5, 7, 3), (33,), (1, 1, 5, 5), (300, 301)]
TORCH = [
    "float64", "float32", "float16", "bfloat16", "float8_e4m3fn", "float8_e5m2", "float8_e8m0fnu",
    "float8_e4m3fnuz", "float8_e5m2fnuz", "int64", "int32", "int16", "int8", "uint8", "uint16", "uint32",
    "uint64", "bool", "complex64", "complex128",
]


def name_of(shape):
    return "layer" + "x".join(map(str, shape)) + ".weight"


def shown(tensor):
    """What numpy.load gives for a tensor: narrow floats are widened."""
    if tensor.dtype.is_floating_point and tensor.element_size() < 4 and tensor.dtype != torch.float16:
        return tensor.to(torch.float32).numpy()
    return tensor.resolve_conj().resolve_neg().numpy()


def tensors(dtype, seed=0):
    random = np.random.default_rng(seed)
    found = {}
    for shape in SHAPES:
        kind = getattr(torch, dtype)
        if dtype == "bool":
            tensor = torch.from_numpy(np.asarray(random.integers(0, 2, shape), dtype=bool))
        elif kind.is_floating_point or kind.is_complex:
            values = np.asarray(random.standard_normal(shape), dtype=np.float64)
            tensor = torch.from_numpy(np.asarray(np.abs(values) if "e8m0" in dtype else values)).to(kind)
        else:
            tensor = torch.from_numpy(np.asarray(random.integers(0, 100, shape))).to(kind)
        found[name_of(shape)] = tensor
    return found


def torch_files(folder):
    for dtype in TORCH:
        state = tensors(dtype)
        expected = {name: shown(tensor) for name, tensor in state.items()}
        for suffix, zipped in [("pt", True), ("pth", False)]:
            path = f"{folder}/torch-{dtype}.{suffix}"
            try:
                torch.save(state, path, _use_new_zipfile_serialization=zipped)
            except Exception as error:  # the old format has no storages of the newest dtypes
                print(f"  torch cannot write {dtype} as {suffix}: {str(error)[:70]}")
                continue
            yield path, expected
        if not dtype.startswith("complex128"):
            try:
                path = f"{folder}/st-{dtype}.safetensors"
                safetensors.torch.save_file(state, path)
                yield path, expected
            except Exception as error:
                print(f"  safetensors cannot write {dtype}: {str(error)[:70]}")


def views(folder):
    whole = torch.arange(40.0).reshape(5, 8)
    tied = torch.randn(4, 3)
    state = {
        "whole": whole, "turned": whole.t(), "row": whole[2], "column": whole[:, 3], "steps": whole[::2, 1::3],
        "tied": tied, "again": tied, "wide": torch.randn(3).expand(4, 3), "none": torch.zeros(0, 2),
        "permuted": torch.randn(2, 3, 4, 5).permute(3, 1, 0, 2), "half": torch.randn(6, 4).half().t(),
        "brain": torch.randn(6, 4).bfloat16()[1:, ::2], "conv": torch.randn(8, 3, 5, 5).to(memory_format=torch.channels_last),
    }
    for suffix, zipped in [("pt", True), ("pth", False)]:
        path = f"{folder}/views.{suffix}"
        torch.save(state, path, _use_new_zipfile_serialization=zipped)
        yield path, {name: shown(tensor) for name, tensor in state.items()}
    model = torch.nn.Sequential(torch.nn.Conv2d(1, 3, 5), torch.nn.BatchNorm2d(3), torch.nn.Linear(3, 4))
    optimizer = torch.optim.Adam(model.parameters())
    model(torch.randn(1, 1, 7, 7).repeat(2, 1, 1, 1)[:, :, :, :7])  # running statistics
    for parameter in model.parameters():
        parameter.grad = torch.ones_like(parameter)
    optimizer.step()
    path = f"{folder}/training.ckpt"
    torch.save({"model": model.state_dict(), "optimizer": optimizer.state_dict(), "epoch": 3}, path)
    yield path, {f"model/{name}": shown(tensor) for name, tensor in model.state_dict().items()}
    path = f"{folder}/module.pt"
    torch.save(model, path)
    yield path, {"_modules/0/_parameters/weight": model[0].weight.detach().numpy()}
    path = f"{folder}/script.pt"
    torch.jit.script(torch.nn.Sequential(torch.nn.Linear(3, 2))).save(path)
    yield path, None
    path = f"{folder}/exported.pt2"
    torch.export.save(torch.export.export(torch.nn.Linear(30, 20), (torch.randn(1, 30),)), path)
    yield path, None


def numpy_files(folder):
    random = np.random.default_rng(1)
    for dtype in "f2 f4 f8 i1 i2 i4 i8 u1 u2 u4 u8 b1 c8 c16 >f4 >f8 >i2 >c8".split():
        arrays = {}
        for shape in SHAPES:
            arrays[name_of(shape)] = np.asarray(random.standard_normal(shape) * 50).astype(dtype)
        arrays["fortran"] = np.asfortranarray(arrays["layer300x301.weight"][:7, :5])
        title = dtype.replace(">", "be-")
        for name in ["layer2x3.weight", "fortran", "layer.weight"]:
            path = f"{folder}/npy-{title}-{name}.npy"
            np.save(path, arrays[name])
            yield path, {path.split("/")[-1][:-4]: arrays[name]}
        path = f"{folder}/npz-{title}.npz"
        np.savez(path, **arrays)
        yield path, arrays
        path = f"{folder}/npz-{title}-deflated.npz"
        np.savez_compressed(path, **arrays)
        yield path, {}
    for dtype in [ml_dtypes.bfloat16, ml_dtypes.float8_e4m3fn]:
        path = f"{folder}/npy-{np.dtype(dtype).name}.npy"
        np.save(path, random.standard_normal((4, 3)).astype(dtype))
        yield path, None


def onnx_files(folder):
    for dtype in TORCH:
        state = {name: tensor for name, tensor in tensors(dtype).items() if tensor.ndim}
        expected = {name: shown(tensor) for name, tensor in state.items()}
        kind = {
            "float64": 11, "float32": 1, "float16": 10, "bfloat16": 16, "float8_e4m3fn": 17,
            "float8_e4m3fnuz": 18, "float8_e5m2": 19, "float8_e5m2fnuz": 20, "float8_e8m0fnu": 24,
            "int64": 7, "int32": 6, "int16": 5, "int8": 3, "uint8": 2, "uint16": 4, "uint32": 12, "uint64": 13,
            "bool": 9, "complex64": 14, "complex128": 15,
        }[dtype]
        raw = [
            helper.make_tensor(name, kind, tensor.shape, bytes(tensor.clone().untyped_storage()), raw=True)
            for name, tensor in state.items()
        ]
        yield save_onnx(f"{folder}/onnx-{dtype}.onnx", raw), expected
        if dtype in ("float32", "float64", "float16", "int64", "int32", "int8", "bool", "uint32", "complex64"):
            typed = [
                helper.make_tensor(name, kind, tensor.shape, tensor.numpy().flatten().tolist())
                for name, tensor in state.items()
            ]
            yield save_onnx(f"{folder}/onnx-typed-{dtype}.onnx", typed), expected
        os.makedirs(f"{folder}/onnx-external-{dtype}")
        path = f"{folder}/onnx-external-{dtype}/model.onnx"
        onnx.save_model(onnx.load_from_string(model(raw).SerializeToString()), path, save_as_external_data=True,
                        location="model.onnx.data", size_threshold=0)
        yield os.path.dirname(path), expected


def model(initializers):
    graph = helper.make_graph(
        [helper.make_node("Identity", ["x"], ["y"])], "g",
        [helper.make_tensor_value_info("x", 1, [1])], [helper.make_tensor_value_info("y", 1, [1])], initializers,
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)], ir_version=10)


def save_onnx(path, initializers):
    onnx.save_model(model(initializers), path)
    return path


def gguf_files(folder):
    random = np.random.default_rng(2)
    # Arrays of a big-endian file stay big-endian: numpy reads both.
    for endian in (gguf.GGUFEndian.LITTLE, gguf.GGUFEndian.BIG):
        path = f"{folder}/{endian.name.lower()}.gguf"
        writer = gguf.GGUFWriter(path, "llama", endianess=endian)
        writer.add_string("general.name", "test")
        writer.add_array("tokenizer.ggml.tokens", ["a", "b", "çé"])
        expected = {}
        for dtype in (np.float32, np.float16, np.float64, np.int8, np.int16, np.int32, np.int64):
            for shape in [(1,), (3,), (2, 64), (5, 7, 3)]:
                array = (random.standard_normal(shape) * 20).astype(dtype)
                name = f"{np.dtype(dtype).name}.{name_of(shape)}"
                order = ">" if endian == gguf.GGUFEndian.BIG and array.itemsize > 1 else "="
                expected[name] = array.astype(array.dtype.newbyteorder(order))
                writer.add_tensor(name, array)
        if endian == gguf.GGUFEndian.LITTLE:
            for kind in gguf.GGMLQuantizationType:
                if kind in (gguf.GGMLQuantizationType.F32, gguf.GGMLQuantizationType.F16):
                    continue
                try:
                    blocks = gguf.quants.quantize(random.standard_normal((3, 512)).astype(np.float32), kind)
                except (NotImplementedError, KeyError):
                    continue
                shown = blocks
                if kind == gguf.GGMLQuantizationType.BF16:
                    shown = (blocks.view(np.uint16).astype(np.uint32) << 16).view(np.float32).reshape(3, 512)
                expected[f"quantised.{kind.name}"] = shown
                writer.add_tensor(f"quantised.{kind.name}", blocks, raw_dtype=kind)
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_tensors_to_file()
        writer.close()
        yield path, expected


def hdf5_files(folder):
    random = np.random.default_rng(3)
    for version in ("earliest", "latest"):
        path = f"{folder}/{version}.h5"
        expected = {}
        with h5py.File(path, "w", libver=version) as file:
            # More than eight links make a group of the newest form a heap, which is kept whole.
            for dtype in "f4 f2 >f4 i1 u8 >i8 f8 i2 i4 i8 u1 u2 u4".split()[: 6 if version == "latest" else 13]:
                for shape in [(1,), (3,), (2, 3), (5, 7, 3), (100, 101)]:
                    name = f"g/{dtype.replace('>', 'be')}/{name_of(shape)}"
                    expected[name] = (random.standard_normal(shape) * 50).astype(dtype)
                    file.create_dataset(name, data=expected[name])
            file.create_dataset("packed", data=np.zeros((50, 50)), chunks=(10, 10), compression="gzip")
            file.create_dataset("text", data="hello")
        yield path, expected
    import keras
    network = keras.Sequential([keras.layers.Input((8, 8, 1)), keras.layers.Conv2D(4, 3), keras.layers.Flatten(),
                                keras.layers.Dense(3)])
    network.compile("adam", "mse")
    for suffix in ("keras", "weights.h5", "h5"):
        path = f"{folder}/network.{suffix}"
        network.save_weights(path) if suffix == "weights.h5" else network.save(path)
        yield path, None
