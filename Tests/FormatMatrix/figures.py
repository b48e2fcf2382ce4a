"""Figures: one model in three formats, and the speed of commits beside zstd -3."""
import json
import os
import resource
import subprocess
import time

import numpy as np
import onnx
import safetensors.torch
import torch
from onnx import helper, numpy_helper


def processor_seconds(command):
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def write_model(folder):
    """A small residual network with realistic names, as .safetensors, .pt and .onnx."""
    torch.manual_seed(0)
    layers = []
    for width_in, width in [(3, 64), (64, 128), (128, 256), (256, 512), (512, 512)]:
        layers += [torch.nn.Conv2d(width_in, width, 3), torch.nn.BatchNorm2d(width)]
    network = torch.nn.Sequential(*layers, torch.nn.Linear(512, 1000)).eval()
    state = network.state_dict()
    safetensors.torch.save_file(state, f"{folder}/model.safetensors")
    torch.save(state, f"{folder}/model.pt")
    initializers = [numpy_helper.from_array(tensor.numpy(), name) for name, tensor in state.items()]
    graph = helper.make_graph([helper.make_node("Identity", ["x"], ["y"])], "g",
                              [helper.make_tensor_value_info("x", 1, [1])],
                              [helper.make_tensor_value_info("y", 1, [1])], initializers)
    onnx.save_model(helper.make_model(graph), f"{folder}/model.onnx")
    return [f"{folder}/model.{suffix}" for suffix in ("safetensors", "pt", "onnx")]


def stored_bytes(archive, model, path):
    text = subprocess.run(["dlv", "commit", "--json", "--archive", archive, "--model", model, path],
                          check=True, capture_output=True, text=True).stdout
    return json.loads(text)["stored_bytes"]


def print_figures(place):
    folder = f"{place}/figures"
    os.mkdir(folder)
    paths = write_model(folder)
    archive = f"{folder}/zoo.dlv"
    subprocess.run(["dlv", "init", archive], check=True, stdout=subprocess.DEVNULL)
    sizes = [stored_bytes(archive, f"m{index}", path) for index, path in enumerate(paths)]
    print(f"one model as .safetensors, .pt and .onnx: stored {sum(sizes) / sizes[0]:.4f} of the first alone "
          f"({sizes} bytes)")
    for path in paths:
        ratios = []
        for attempt in range(5):
            own = f"{folder}/speed{attempt}-{os.path.basename(path)}.dlv"
            subprocess.run(["dlv", "init", own], check=True, stdout=subprocess.DEVNULL)
            zstd = processor_seconds(["zstd", "-3", "-q", "-f", path, "-o", f"{folder}/x.zst"])
            ratios.append(processor_seconds(["dlv", "commit", "--archive", own, "--model", "m", path]) / zstd)
        print(f"commit of {os.path.basename(path)}: {sorted(ratios)[2]:.2f} times the processor time of zstd -3 "
              f"(median of 5, {min(ratios):.2f} to {max(ratios):.2f})")
