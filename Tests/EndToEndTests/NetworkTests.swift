import Foundation
import Testing

/// Networks as users meet them: at commit, in the mount, in `dlv desc`.
@Suite(.serialized)
struct NetworkTests {
    @Test
    func theMountShowsTheNetwork() async throws {
        try await Workplace.use { place in
            try await place.check(
                """
                mkdir run
                cp $FIXTURES/base_10.safetensors run/
                cat > run/network.json <<'JSON'
                {"format": "dlv-network", "version": 1, "name": "LeNet-5", "layers": [
                  {"name": "x", "operator": "INPUT", "shape": ["?", 1, 28, 28]},
                  {"name": "conv1", "operator": "CONV", "inputs": ["x"],
                   "attributes": {"channels": 6, "kernel": 5, "padding": 2}},
                  {"name": "relu1", "operator": "RELU", "inputs": ["conv1"]},
                  {"name": "pool1", "operator": "POOL", "inputs": ["relu1"],
                   "attributes": {"mode": "AVE", "kernel": 2, "stride": 2}},
                  {"name": "conv2", "operator": "CONV", "inputs": ["pool1"],
                   "attributes": {"channels": 16, "kernel": 5}}]}
                JSON
                dlv init zoo.dlv
                dlv commit --model lenet run | grep -q '4 layers from network.json'
                dlv commit --model plain $FIXTURES/base_10.safetensors | grep -q 'names only'
                """
            )
            try await place.mount()
            try await place.check(
                #"""
                python - <<'PYTHON'
                import json
                network = json.load(open("mnt/models/lenet/v1/network.json"))
                assert network["format"] == "dlv-network", network
                layers = {layer["name"]: layer for layer in network["layers"]}
                assert layers["conv2"]["shape"] == ["?", 16, 10, 10], layers["conv2"]
                assert layers["pool1"]["attributes"]["mode"] == "AVG"
                weight = layers["conv1"]["parameters"][0]
                assert weight == {"role": "weight", "tensor": "conv1.weight",
                                  "shape": [6, 1, 5, 5], "stored": True}, weight
                plain = json.load(open("mnt/models/plain/v1/network.json"))
                assert plain["source"] == "names only"
                assert all("inputs" not in layer for layer in plain["layers"])
                metadata = json.load(open("mnt/models/lenet/v1/metadata.json"))
                assert metadata["network"]["layers"] == 4, metadata["network"]
                PYTHON
                grep -q 'n0 -> n1' mnt/models/lenet/v1/network.dot
                cp mnt/models/lenet/v1/network.json again.json
                dlv commit --model again again.json
                """#
            )
            let table = try await place.check("dlv desc lenet")
            #expect(table.contains("4 layers, 2572 parameters (network.json, network.json)"))
            #expect(table.contains("POOL AVG, 2 / 2"))
            let json = try await place.check("dlv desc lenet --json")
            #expect(json.contains("\"operator\": \"CONV\""))
        }
    }

    /// Commits a network whose names need escapes in a drawing.
    private func commitNamesToEscape(_ place: Workplace) async throws {
        try await place.check(
            """
            cat > deploy.prototxt <<'TEXT'
            name: "one \\"layer\\"" input: "data"
            layer { name: "a\\\\b" type: "ReLU" bottom: "data" top: "data" }
            TEXT
            dlv init zoo.dlv
            dlv commit --model one deploy.prototxt
            """
        )
    }

    @Test
    func theDrawingNeedsGraphviz() async throws {
        try await Workplace.use { place in
            try await commitNamesToEscape(place)
            try await place.check("mkdir bin && ln -s \"$(command -v dlv)\" /usr/bin/env bin/")
            let reason = try await place.fail("PATH=$PWD/bin dlv desc one --svg one.svg")
            #expect(reason.contains("Graphviz"))
            #expect(try await place.run("test -e one.svg").status != 0)
        }
    }

    @Test(.needs("dot"))
    func theDrawingIsAnSVG() async throws {
        try await Workplace.use { place in
            try await commitNamesToEscape(place)
            try await place.check("dlv desc one --svg one.svg && grep -q '</svg>' one.svg")
            try await place.check("dlv desc one --svg - | grep -q '</svg>'")
        }
    }

    /// Needs PyTorch, which the tests' own environment lacks: `DLV_TORCH_PYTHON` names a Python that
    /// has it.
    @Test(
        .enabled(
            if: ProcessInfo.processInfo.environment["DLV_TORCH_PYTHON"] != nil,
            "needs a Python with PyTorch, named by DLV_TORCH_PYTHON"
        )
    )
    func modulesOfPyTorchAreExported() async throws {
        let python = ProcessInfo.processInfo.environment["DLV_TORCH_PYTHON"] ?? "python"
        let script =
            URL(filePath: #filePath).resolvingSymlinksInPath().path
            .components(separatedBy: "/Tests/")[0] + "/Scripts/export-network.py"
        try await Workplace.use { place in
            try await place.check(
                """
                mkdir run
                cat > model.py <<'PYTHON'
                import torch
                class Net(torch.nn.Module):
                    def __init__(self):
                        super().__init__()
                        self.conv1 = torch.nn.Conv2d(1, 6, 5, padding=2)
                        self.norm = torch.nn.BatchNorm2d(6)
                        self.encoder = torch.nn.TransformerEncoderLayer(6, 2, 8, batch_first=True)
                        self.head = torch.nn.Linear(6, 10)
                    def forward(self, x):
                        x = torch.max_pool2d(torch.relu(self.norm(self.conv1(x))), 2)
                        return self.head(self.encoder(x.flatten(2).transpose(1, 2)).mean(1))
                PYTHON
                '\(python)' '\(script)' model.py:Net --input 1,1,28,28 -o run/network.json
                '\(python)' - <<'PYTHON'
                import torch, model
                torch.manual_seed(0)
                torch.save(model.Net().state_dict(), "run/model.pt")
                PYTHON
                dlv init zoo.dlv
                dlv commit --model net run
                """
            )
            let table = try await place.check("dlv desc net")
            for line in [
                "conv1 CONV 6, 5×5 x [1, 6, 28, 28] 156", "relu RELU norm [1, 6, 28, 28]",
                "encoder.self_attn.attention ATTENTION", "head FULL 10 mean [1, 10] 70",
            ] {
                let squeezed = table.split(whereSeparator: { $0 == " " || $0 == "\n" })
                    .joined(separator: " ")
                #expect(squeezed.contains(line), "\(line) in \(table)")
            }
        }
    }

    @Test
    func badNetworksDoNotStopACommit() async throws {
        try await Workplace.use { place in
            try await place.check(
                """
                mkdir run
                cp $FIXTURES/base_10.safetensors run/
                head -c 1000000 /dev/urandom | base64 -w 0 > run/deploy.prototxt
                printf 'layer {%.0s' $(seq 5000) > run/train.prototxt
                head -c 100000 /dev/urandom > run/model.onnx
                printf '[%.0s' $(seq 100000) > run/network.json
                echo '{"model_type": "llama", "hidden_size": -1}' > run/config.json
                dlv init zoo.dlv
                """
            )
            let output = try await place.check("dlv commit --model bad run")
            #expect(output.contains("'deploy.prototxt' holds no network that can be read"))
            #expect(output.contains("names only"))
            try await place.check("dlv export bad back && diff -r run back && dlv verify --deep")
        }
    }
}
