#!/usr/bin/env python3
"""Writes the graph of a PyTorch module as network.json, for `dlv commit` to find.

    python Scripts/export-network.py torchvision.models:resnet18 --input 1,3,224,224
    python Scripts/export-network.py train.py:build_model --input 1,128:int64 -o run/network.json

TARGET is MODULE:CALLABLE or FILE.py:CALLABLE; the callable gives a torch.nn.Module. The module is
captured by torch.export with inputs of the given shapes, so its control flow is that of these inputs.
From Python: runpy.run_path("Scripts/export-network.py")["export_network"](module, inputs).
"""

import argparse
import importlib
import importlib.util
import json
import operator
import os
import sys
import warnings
from collections import defaultdict

import torch

# What moves elements and computes none; layers are connected across it.
PLUMBING = set(
    "view _unsafe_view reshape flatten transpose permute t unsqueeze squeeze select slice expand"
    " expand_as contiguous clone alias detach detach_ to _to_copy type_as movedim unflatten chunk"
    " split split_with_sizes unbind narrow repeat index lift_fresh_copy unfold roll neg masked_fill"
    " index_select gather".split()
)

# What depends on the shape of its input alone, such as masks.
CONSTANT = set("new_zeros new_ones new_full zeros_like ones_like full_like fill eq ne lt le gt ge sym_size".split())

# Operator, and where its tensors are among the arguments.
LAYERS = {
    "conv1d": ("CONV", {"weight": 1, "bias": 2}),
    "conv2d": ("CONV", {"weight": 1, "bias": 2}),
    "conv3d": ("CONV", {"weight": 1, "bias": 2}),
    "conv_transpose1d": ("DECONV", {"weight": 1, "bias": 2}),
    "conv_transpose2d": ("DECONV", {"weight": 1, "bias": 2}),
    "conv_transpose3d": ("DECONV", {"weight": 1, "bias": 2}),
    "linear": ("FULL", {"weight": 1, "bias": 2}),
    "embedding": ("EMBED", {"weight": 0}),
    "batch_norm": ("BATCHNORM", {"weight": 1, "bias": 2, "mean": 3, "variance": 4}),
    "layer_norm": ("LAYERNORM", {"weight": 2, "bias": 3}),
    "rms_norm": ("RMSNORM", {"weight": 2}),
    "group_norm": ("GROUPNORM", {"weight": 2, "bias": 3}),
    "instance_norm": ("GROUPNORM", {"weight": 1, "bias": 2}),
    "prelu": ("PRELU", {"weight": 1}),
    "scaled_dot_product_attention": ("ATTENTION", {}),
    "add": ("ADD", {}), "sub": ("SUB", {}), "mul": ("MUL", {}), "div": ("DIV", {}),
    "maximum": ("MAXIMUM", {}), "matmul": ("MATMUL", {}), "bmm": ("MATMUL", {}),
    "cat": ("CONCAT", {}), "mean": ("MEAN", {}), "silu": ("SILU", {}),
    "leaky_relu": ("LEAKYRELU", {}), "hardtanh": ("CLIP", {}), "clamp": ("CLIP", {}),
    "softmax": ("SOFTMAX", {}), "_softmax": ("SOFTMAX", {}), "log_softmax": ("LOGSOFTMAX", {}),
}  # fmt: skip
BINARY = {"add", "sub", "mul", "div", "maximum", "pow"}


def pair(value, count):
    value = list(value) if isinstance(value, (list, tuple)) else [value]
    return value * count if len(value) == 1 else value


class Exporter:
    """Goes through the operations that torch.export captured, and keeps those that are layers."""

    def __init__(self, module, inputs):
        self.program = torch.export.export(module, tuple(inputs), strict=False)
        signature = self.program.graph_signature
        self.state = dict(module.state_dict(keep_vars=True))
        tensors = {**signature.inputs_to_parameters, **signature.inputs_to_buffers}
        # Buffers of whole numbers, such as tables of indices, were not learned.
        self.tensors = {
            key: name for key, name in tensors.items()
            if name in self.state and self.state[name].is_floating_point()
        }
        self.user_inputs = set(signature.user_inputs)
        self.first_names = {}
        for name, tensor in self.state.items():
            self.first_names.setdefault(id(tensor), name)
        self.layers, self.sources, self.outputs = [], {}, []
        self.successors, self.reshaped = {}, {}

    def run(self):
        for node in self.program.graph.nodes:
            if node.op == "placeholder" and node.name in self.user_inputs:
                value = node.meta.get("val")
                if isinstance(value, torch.Tensor):
                    self.add(node, "INPUT", {}, [], {}, name=node.name)
            elif node.op == "call_function":
                self.call(node)
            elif node.op == "output":
                self.outputs = sorted({self.sources[n] for n in self.flat(node.args) if n in self.sources})
        return self.document()

    def tensor(self, value):
        """The name of the learned tensor that an argument is, or none."""
        if not isinstance(value, torch.fx.Node):
            return None
        return self.tensors.get(value.name) or self.reshaped.get(value)

    def flat(self, value):
        """The nodes among arguments, also in lists."""
        if isinstance(value, torch.fx.Node):
            return [value]
        if isinstance(value, (list, tuple)):
            return [node for item in value for node in self.flat(item)]
        return []

    def call(self, node):
        kind = node.target.__name__ if node.target is operator.getitem else str(node.target)
        kind = kind.split(".")[1] if kind.startswith("aten.") else kind
        kind = kind.rstrip("_") if not kind.startswith("_") else kind
        data = [self.sources[n] for n in self.flat(node.args) if n in self.sources]
        learned = [n for n in map(self.tensor, self.flat(node.args)) if n]
        if not data or kind in CONSTANT:
            # A learned tensor in another shape is still that tensor.
            if len(set(learned)) == 1:
                self.reshaped[node] = learned[0]
            return
        if kind == "getitem" or kind in PLUMBING:
            self.sources[node] = data[0]
            return
        if kind in BINARY and len(set(data)) == 1:
            # With a number, with a constant nobody learned, or of parts of one value: plumbing too.
            if len(self.flat(node.args)) > 1 and learned and kind in ("add", "mul"):
                role = "bias" if kind == "add" else "weight"
                return self.add(
                    node, {"add": "BIAS", "mul": "SCALE"}[kind], {}, data, {role: learned[0]}
                )
            self.sources[node] = data[0]
            return
        if kind == "cat" and len(set(data)) == 1:
            if learned:
                return self.add(node, "CONCAT", {"axis": self.argument(node, 1, 0)}, data, {"token": learned[0]})
            self.sources[node] = data[0]
            return
        if kind in ("matmul", "bmm") and len(data) == 2 and self.attention(node, *data):
            return
        if "pool" in kind:
            return self.add(node, "POOL", self.pool(kind, node), data, {})
        if kind.startswith("upsample") or kind == "interpolate":
            return self.add(node, "UPSAMPLE", {}, data, {})
        if kind in ("lstm", "gru"):
            return self.recurrent(node, kind, data, learned)
        operand = node.args[1] if len(node.args) > 1 else None
        name, places = LAYERS.get(kind, (kind.strip("_").upper(), {}))
        if name == "MEAN" and operand is not None:
            if sorted(d % 4 for d in pair(operand, 1)) == [2, 3]:
                name = "POOL"
        tensors = {
            role: self.tensor(node.args[place])
            for role, place in places.items()
            if place < len(node.args) and self.tensor(node.args[place])
        }
        self.add(node, name, self.attributes(name, node, tensors), data, tensors)

    def attention(self, node, left, right):
        """Adds softmax(q·kᵀ / √d + mask)·v, written out, as the one layer that it is."""
        members, place = [], left
        while self.layers[place]["operator"] == "DROPOUT":
            members.append(place)
            place = self.layers[place]["inputs"][0]
        if self.layers[place]["operator"] != "SOFTMAX":
            return False
        members.append(place)
        waiting, scores = list(self.layers[place]["inputs"]), None
        while waiting and scores is None:
            place = waiting.pop(0)
            members.append(place)
            if self.layers[place]["operator"] == "MATMUL":
                scores = place
            elif self.layers[place]["operator"] in ("ADD", "SUB", "MUL", "DIV", "WHERE", "BIAS"):
                waiting = list(self.layers[place]["inputs"]) + waiting
            else:
                members.pop()
        if scores is None:
            return False
        others = [i for m in members for i in self.layers[m]["inputs"] if i not in members]
        tensors = {r: t for m in members for r, t in self.layers[m]["tensors"].items()}
        inputs = self.layers[scores]["inputs"] + [right] + others
        query = node.args[0].meta["val"]
        heads = {"heads": int(query.shape[-3])} if query.dim() >= 3 else {}
        self.add(node, "ATTENTION", heads, inputs, tensors)
        for member in members:
            self.successors[member] = len(self.layers) - 1
        return True

    def recurrent(self, node, kind, data, learned):
        roles = {"weight_ih": "weight", "weight_hh": "recurrent", "bias_ih": "bias"}
        tensors = {}
        for name in learned:
            word = name.split(".")[-1]
            tensors[next((r for w, r in roles.items() if word == w + "_l0"), word)] = name
        width = self.state[tensors["recurrent"]].shape[1]
        self.add(node, kind.upper(), {"features": width}, data[:1], tensors)

    def argument(self, node, place, default):
        return node.args[place] if place < len(node.args) else default

    def pool(self, kind, node):
        value = node.args[0].meta["val"]
        count = value.dim() - 2
        mode = "MAX" if "max" in kind else "AVG"
        if kind.startswith("adaptive"):
            size = pair(node.args[1], count)
            return {"mode": mode, "global": True} if set(size) == {1} else {"mode": mode, "output": size}
        kernel = pair(node.args[1], count)
        stride = pair(self.argument(node, 2, None) or kernel, count)
        padding = pair(self.argument(node, 3, 0), count)
        ceil = self.argument(node, 5 if mode == "MAX" else 4, False)
        return {"mode": mode, "kernel": kernel, "stride": stride, "padding": padding, "ceil": bool(ceil)}

    def attributes(self, name, node, tensors):
        if name in ("CONV", "DECONV"):
            weight = self.state[tensors["weight"]]
            count = weight.dim() - 2
            groups_place = 6 if name == "CONV" else 6
            dilation_place = 5 if name == "CONV" else 7
            groups = self.argument(node, groups_place, 1)
            padding = self.argument(node, 4, 0)
            result = {
                "channels": weight.shape[0] if name == "CONV" else weight.shape[1] * groups,
                "kernel": list(weight.shape[2:]),
                "stride": pair(self.argument(node, 3, 1), count),
                "padding": padding if isinstance(padding, str) else pair(padding, count),
                "groups": groups,
                "bias": "bias" in tensors,
            }
            dilation = pair(self.argument(node, dilation_place, 1), count)
            return result if set(dilation) == {1} else {**result, "dilation": dilation}
        if name == "FULL" and "weight" in tensors:
            return {"features": self.state[tensors["weight"]].shape[0], "bias": "bias" in tensors}
        if name == "EMBED":
            count, features = self.state[tensors["weight"]].shape
            return {"count": count, "features": features}
        if name == "BATCHNORM":
            return {"epsilon": self.argument(node, 7, 1e-5)}
        if name in ("LAYERNORM", "RMSNORM"):
            return {"epsilon": self.argument(node, 4 if name == "LAYERNORM" else 3, None) or 1e-5}
        if name == "GROUPNORM" and "group_norm" in str(node.target):
            return {"groups": node.args[1], "epsilon": self.argument(node, 4, 1e-5)}
        if name == "ATTENTION":
            query = node.args[0].meta["val"]
            heads = {"heads": int(query.shape[1])} if query.dim() == 4 else {}
            causal = bool(self.argument(node, 5, False) or node.kwargs.get("is_causal", False))
            return {**heads, "causal": causal}
        if name in ("SOFTMAX", "LOGSOFTMAX", "CONCAT"):
            return {"axis": self.argument(node, 1, 0)}
        if name == "DROPOUT":
            return {"ratio": node.args[1]}
        if name == "POOL":
            return {"mode": "AVG", "global": True}
        if name == "CLIP":
            return {k: v for k, v in zip(("min", "max"), node.args[1:]) if v is not None}
        return {}

    def add(self, node, kind, attributes, inputs, tensors, name=None):
        value = node.meta.get("val")
        value = value[0] if isinstance(value, (list, tuple)) else value
        shape = [int(d) if str(d).isdigit() else "?" for d in value.shape] if value is not None else "?"
        # What an attention gives inside is divided by heads; its readers get it joined.
        stack = list((node.meta.get("nn_module_stack") or {}).values())
        path = stack[-1][0] if stack else ""
        unique = list(dict.fromkeys(inputs))
        if kind == "ATTENTION":
            shape = "?"
            attributes = {**attributes, "fused": True} if len(unique) == 1 else attributes
        self.layers.append(
            dict(name=name, path=path, operator=kind, inputs=unique, attributes=attributes,
                 shape=shape, tensors=tensors)
        )  # fmt: skip
        self.sources[node] = len(self.layers) - 1

    def name_layers(self):
        """A module that is one kind of layer gives it its name; functions are layers in theirs."""
        kinds, parents = defaultdict(set), set()
        for index, layer in enumerate(self.layers):
            if index in self.successors:
                continue
            parts = layer["path"].split(".")
            kinds[layer["path"]].add(layer["operator"])
            parents.update(".".join(parts[:n]) for n in range(1, len(parts)))
        taken = {layer["name"] for layer in self.layers if layer["name"]}
        for index, layer in enumerate(self.layers):
            if layer["name"] or index in self.successors:
                continue
            path, label = layer["path"], layer["operator"].lower()
            if not path or path in parents or len(kinds[path]) > 1:
                weight = next(iter(layer["tensors"].values()), "")
                own = weight.rsplit(".", 1)[0].rsplit(".", 1)[-1] if "." in weight else ""
                last = weight.rsplit(".", 1)[-1]
                for suffix in ("_weight", "_bias"):
                    own = last.removesuffix(suffix) if last.endswith(suffix) else own
                label = own if own and own != path.rsplit(".", 1)[-1] else label
                path = f"{path}.{label}" if path else label
            name, number = path, 0
            while name in taken:
                number += 1
                name = f"{path}_{number}"
            taken.add(name)
            layer["name"] = name

    def document(self):
        self.name_layers()
        lines = []
        for index, layer in enumerate(self.layers):
            if index in self.successors:
                continue
            inputs = [self.successors.get(each, each) for each in layer["inputs"]]
            entry = {"name": layer["name"], "operator": layer["operator"]}
            if layer["inputs"]:
                entry["inputs"] = [self.layers[each]["name"] for each in dict.fromkeys(inputs)]
            if layer["attributes"]:
                entry["attributes"] = layer["attributes"]
            entry["shape"] = layer["shape"]
            parameters = []
            for role, name in layer["tensors"].items():
                tensor = self.state[name]
                parameters.append(
                    {"role": role, "tensor": self.first_names[id(tensor)], "shape": list(tensor.shape)}
                )
            if parameters:
                entry["parameters"] = parameters
            lines.append("    " + json.dumps(entry, ensure_ascii=False))
        last = {self.successors.get(index, index) for index in self.outputs}
        outputs = [self.layers[index]["name"] for index in sorted(last)]
        return (
            '{\n  "format": "dlv-network",\n  "version": 1,\n  "source": "network.json",\n'
            f'  "outputs": {json.dumps(outputs)},\n  "layers": [\n' + ",\n".join(lines) + "\n  ]\n}\n"
        )


def export_network(module, inputs):
    """The text of network.json for a module that is called with these inputs."""
    with torch.no_grad(), warnings.catch_warnings():
        # torch.export warns of attributes that LSTMs keep for themselves.
        warnings.simplefilter("ignore")
        return Exporter(module.eval(), inputs).run()


def load(target):
    where, _, name = target.rpartition(":")
    if not where:
        sys.exit(f"'{target}' must be MODULE:CALLABLE or FILE.py:CALLABLE.")
    if where.endswith(".py"):
        spec = importlib.util.spec_from_file_location("exported", where)
        if spec is None or not os.path.exists(where):
            sys.exit(f"There is no file '{where}'.")
        found = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(found)
    else:
        sys.path.insert(0, os.getcwd())
        found = importlib.import_module(where)
    value = getattr(found, name)
    return value if isinstance(value, torch.nn.Module) else value()


def example(text):
    shape, _, kind = text.partition(":")
    sizes = [int(size) for size in shape.split(",")]
    if not kind or kind.startswith(("float", "bfloat")):
        return torch.rand(sizes, dtype=getattr(torch, kind or "float32"))
    return torch.zeros(sizes, dtype=getattr(torch, kind))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("target", metavar="TARGET", help="what gives the module")
    parser.add_argument(
        "--input", action="append", required=True, metavar="SHAPE[:DTYPE]",
        help="an input, such as 1,3,224,224 or 1,128:int64; in order",
    )  # fmt: skip
    parser.add_argument("-o", "--output", default="network.json", help="where the text goes")
    arguments = parser.parse_args()
    text = export_network(load(arguments.target), [example(each) for each in arguments.input])
    with open(arguments.output, "w", encoding="utf-8") as file:
        file.write(text)
    print(f"Wrote {arguments.output}: {text.count(chr(10)) - 8} layers.")
