import Testing

/// Files of every format through the built program and a real mount. `Scripts/format-matrix` does the
/// same with the libraries that wrote them, which are too large for every run.
struct FormatTests {
    @Test
    func filesOfEveryFormatAreThemselvesInTheMount() async throws {
        try await Workplace.use { place in
            try await place.check(
                """
                cp -r $FIXTURES/../formats samples
                dlv init zoo.dlv
                dlv commit --model samples samples
                dlv commit --model views samples/views.pt
                dlv commit --model state samples/state_dict.pt
                dlv commit --model blocks samples/model.gguf
                """
            )
            try await place.mount()
            try await place.check(
                #"""
                diff -r samples mnt/models/samples/latest/files
                python - <<'PYTHON'
                import numpy
                from safetensors.numpy import load_file
                whole = numpy.load("mnt/models/views/latest/layers/whole.npy")
                layers = {name: numpy.load(f"mnt/models/views/latest/layers/{name}.npy")
                          for name in ["row", "t", "col", "tied_a", "tied_b", "expand"]}
                assert whole.shape == (5, 8)
                assert (layers["row"] == whole[2]).all() and (layers["t"] == whole.T).all()
                assert (layers["col"] == whole[:, 3]).all() and layers["t"].flags.f_contiguous
                assert (layers["tied_a"] == layers["tied_b"]).all()
                assert (layers["expand"] == layers["expand"][0]).all() and layers["expand"].shape == (4, 3)
                model = load_file("mnt/models/views/latest/model.safetensors")
                for name, array in layers.items():
                    assert model[name].flags.c_contiguous and (model[name] == array).all(), name
                blocks = numpy.load("mnt/models/blocks/latest/layers/q_Q4_0.npy")
                assert blocks.dtype == numpy.uint8 and blocks.shape == (2, 256 // 32 * 18)
                PYTHON
                """#
            )
        }
    }

    @Test
    func aStrayFileIsIdentified() async throws {
        try await Workplace.use { place in
            let text = try await place.check(
                """
                dlv init zoo.dlv
                dlv commit --model lenet --snapshot 7=$FIXTURES/../formats/state_dict.pt \\
                    $FIXTURES/../formats/state_dict.pt
                cp $FIXTURES/../formats/state_dict.pt copy.bin
                dlv identify copy.bin
                dlv identify $FIXTURES/../formats/via_fileobj.pth
                ! dlv identify $FIXTURES/../formats/raw.onnx
                """
            )
            #expect(text.contains("copy.bin: the very bytes of lenet@v1, files/state_dict.pt"))
            #expect(text.contains("via_fileobj.pth: 9 of 9 tensors are in lenet@v1:7"))
            #expect(text.contains("raw.onnx: nothing in it is known to the archive."))
        }
    }

    @Test
    func aTrainingRunIsOneVersionWithSnapshots() async throws {
        try await Workplace.use { place in
            let text = try await place.check(
                """
                samples=$FIXTURES/../formats
                for step in 100 200; do
                    mkdir -p run/checkpoint-$step
                    cp $samples/state_dict.pt run/checkpoint-$step/pytorch_model.bin
                    cp $samples/checkpoint.ckpt run/checkpoint-$step/optimizer.pt
                    echo '{}' >run/checkpoint-$step/trainer_state.json
                done
                dlv init zoo.dlv
                dlv commit --json --model bert run
                """
            )
            #expect(text.contains(#""100""#) && text.contains(#""200""#))
            #expect(text.contains(#""role": "optimizer""#))
            try await place.mount()
            try await place.check(
                """
                test "$(ls mnt/models/bert/latest/snapshots | tr '\\n' ' ')" = "100 200 "
                ls mnt/models/bert/latest/snapshots/100/layers/conv1/weight.npy
                cmp run/checkpoint-100/optimizer.pt \\
                    mnt/models/bert/latest/snapshots/100/files/checkpoint-100/optimizer.pt
                """
            )
        }
    }

    /// Memory does not grow with a file: a sparse one of 64 MB needs hardly more than one of 1 MB.
    @Test
    func aCommitStreams() async throws {
        try await Workplace.use { place in
            let text = try await place.check(
                #"""
                dlv init zoo.dlv
                python - <<'PYTHON'
                import os, subprocess
                peaks = []
                for size in (1 << 20, 64 << 20):
                    with open("big.bin", "wb") as file:
                        file.truncate(size)
                    child = subprocess.Popen(["dlv", "commit", "--model", f"m{size}", "big.bin"],
                                             stdout=subprocess.DEVNULL)
                    _, status, usage = os.wait4(child.pid, 0)
                    assert status == 0
                    peaks.append(usage.ru_maxrss)
                assert peaks[1] < peaks[0] + 48 * 1024, peaks
                print("peaks", peaks)
                PYTHON
                """#
            )
            #expect(text.contains("peaks"))
        }
    }
}
