import Testing

/// `dlv copy`: exact scaffolds, and copies in fewer bits that Python reads.
@Suite(.serialized)
struct CopyTests {
    @Test
    func aCopyIsTheSameAndTakesNoSpace() async throws {
        try await Workplace.use { place in
            try await place.makeZoo()
            try await place.check(
                """
                before=$(cat zoo.dlv/packs/* | wc -c)
                dlv copy lenet@base scaffold
                test $(cat zoo.dlv/packs/* | wc -c) -le $((before + 4096))
                dlv export lenet@base one
                dlv export scaffold@v1 two
                diff -r one two
                dlv desc scaffold | grep -q 'parents     lenet@v1'
                dlv desc scaffold | grep -q 'snapshots   1, 4, 7, 10'
                dlv desc scaffold | grep -q 'lr = 0.05'
                """
            )
        }
    }

    @Test
    func copiesInFewerBitsAreWhatNumPyMakesOfThem() async throws {
        try await Workplace.useMountedZoo { place in
            try await place.check(
                #"""
                for scheme in float16 bfloat16 fixed:8 fixed:16 quantize-uniform:8 quantize-random:4; do
                    dlv copy --scheme $scheme lenet@base small-${scheme/:/-}
                done
                sleep 1.1
                python - <<'PYTHON'
                import json, os
                import numpy
                from safetensors.numpy import load_file
                original = load_file(os.environ["FIXTURES"] + "/base_10.safetensors")
                def copy(name):
                    folder = f"mnt/models/small-{name}/v1"
                    metadata = json.load(open(folder + "/metadata.json"))
                    return folder, metadata["scheme"], metadata["parents"]
                half = load_file(copy("float16")[0] + "/model.safetensors")
                for name, array in original.items():
                    assert half[name].dtype == numpy.float16
                    assert numpy.array_equal(half[name], array.astype("f2")), name
                folder, scheme, parents = copy("bfloat16")
                assert parents == ["lenet@v1"] and scheme["lossy"], scheme
                for name, array in original.items():
                    bits = array.view("u4").astype("u8")
                    nearest = ((bits + 0x7FFF + (bits >> 16 & 1)) >> 16 << 16).astype("u4").view("f4")
                    layer, leaf = name.rsplit(".", 1)
                    kept = numpy.load(f"{folder}/layers/{layer}/{leaf}.npy")
                    assert numpy.array_equal(kept, nearest), name
                for name, levels in [("fixed-8", 256), ("quantize-uniform-8", 256),
                                     ("quantize-random-4", 16), ("fixed-16", 65536)]:
                    folder, scheme, _ = copy(name)
                    kept = load_file(folder + "/model.safetensors")
                    errors = [kept[n].astype("f8") - a.astype("f8") for n, a in original.items()]
                    assert all(len(numpy.unique(kept[n])) <= levels for n in kept), name
                    assert all(kept[n].dtype == numpy.float32 for n in kept), name
                    told = [row for row in scheme["tensors"] if row["file"] == "base_10.safetensors"]
                    largest = max(row["largest_error"] for row in told)
                    assert numpy.isclose(max(abs(e).max() for e in errors), largest, rtol=1e-6), name
                    assert 0 < scheme["rms_error"] <= scheme["largest_error"], scheme
                    assert len(scheme["tensors"]) == 4 * len(original)
                PYTHON
                dlv desc small-fixed-8 | grep -q '^lossy       fixed:8, largest error'
                """#
            )
        }
    }

    @Test
    func removingTheOriginalFreesItsSpace() async throws {
        try await Workplace.use { place in
            try await place.check(
                """
                dlv init zoo.dlv
                dlv commit --model lenet $FIXTURES/base_*.safetensors
                full=$(cat zoo.dlv/packs/* | wc -c)
                dlv copy --scheme float16 lenet small
                dlv copy --scheme quantize-uniform:4 lenet tiny
                dlv remove lenet@v1
                dlv gc
                rest=$(cat zoo.dlv/packs/* | wc -c)
                test $rest -lt $full
                dlv verify --deep
                dlv export small@v1 back
                test -s back/base_10.safetensors
                """
            )
        }
    }

    @Test
    func aRemovedBaseGoesOrStaysAndTheRestIsWhole() async throws {
        try await Workplace.use { place in
            try await place.check(
                """
                dlv init zoo.dlv
                dlv commit --model a $FIXTURES/base_07.safetensors
                dlv commit --model b --parent a@v1 $FIXTURES/base_10.safetensors
                dlv commit --model c --parent b@v1 $FIXTURES/fine-tune-a_01.safetensors
                dlv remove a@v1
                dlv remove b@v1
                dlv gc
                dlv verify --deep
                dlv export c@v1 back
                cmp back/fine-tune-a_01.safetensors $FIXTURES/fine-tune-a_01.safetensors
                # Alone it takes no more than one file does.
                dlv init alone.dlv
                dlv commit --archive alone.dlv --model c $FIXTURES/fine-tune-a_01.safetensors
                test $(cat zoo.dlv/packs/* | wc -c) -le $(($(cat alone.dlv/packs/* | wc -c) + 2000))
                """
            )
        }
    }

    @Test
    func badSchemesAndSourcesAreRefused() async throws {
        try await Workplace.use { place in
            try await place.makeZoo()
            try await place.check("printf x > notes.txt\ndlv commit --model text notes.txt")
            for (arguments, words) in [
                ("--scheme float8 lenet small", "there are float16, bfloat16, fixed:K"),
                ("--scheme fixed:40 lenet small", "from 2 to 24"),
                ("--scheme quantize-random:0 lenet small", "from 1 to 8"),
                ("--scheme float16 text small", "no floating-point weights"),
                ("lenet@v9 small", "lenet"),
                ("lenet ../small", "../small"),
                ("lenet@v1:7 small", "Versions are copied whole"),
            ] {
                let message = try await place.fail("dlv copy \(arguments)")
                #expect(message.contains(words), "\(arguments): \(message)")
            }
            try await place.check("test -z \"$(ls -d zoo.dlv/copying-* 2>/dev/null)\"\ndlv verify --deep")
        }
    }
}
