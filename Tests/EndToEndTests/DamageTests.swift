import Testing

/// What happens when stored bytes change, vanish, or a commit is killed.
@Suite(.serialized)
struct DamageTests {
    @Test
    func aDamagedChunkIsAnErrorForItsBytesAlone() async throws {
        try await Workplace.use { place in
            try await place.check(
                #"""
                dlv init zoo.dlv
                python - <<'PYTHON'
                import numpy
                from safetensors.numpy import save_file
                rng = numpy.random.default_rng(7)
                save_file({"w": rng.standard_normal(1_000_000).astype("f4")}, "w.safetensors")
                PYTHON
                dlv commit --model m w.safetensors
                python - <<'PYTHON'
                import glob
                [pack] = glob.glob("zoo.dlv/packs/*.low")
                with open(pack, "r+b") as file:
                    file.seek(0, 2)
                    middle = file.tell() // 2
                    file.seek(middle)
                    byte = file.read(1)
                    file.seek(middle)
                    file.write(bytes([byte[0] ^ 0x10]))
                PYTHON
                mkdir mnt
                dlv mount --log log zoo.dlv mnt
                python - <<'PYTHON'
                import errno
                original = open("w.safetensors", "rb").read()
                mounted = open("mnt/models/m/v1/model.safetensors", "rb", buffering=0)
                good = bad = 0
                for start in range(0, len(original), 65536):
                    mounted.seek(start)
                    try:
                        part = mounted.read(65536)
                        assert part == original[start:start + len(part)]
                        good += 1
                    except OSError as error:
                        assert error.errno == errno.EIO, error
                        bad += 1
                # A chunk is 64 Ki elements, 256 KiB; the kernel may fail a few pages around it.
                assert 1 <= bad <= 12 and good > 40, (good, bad)
                PYTHON
                cat mnt/models/m/v1/metadata.json > /dev/null
                grep -q '\.low' log
                """#
            )
            let report = try await place.run("dlv verify")
            #expect(report.status == 1)
            #expect(report.output.contains(".low") && report.output.contains("m@v1: files/w.safetensors"))
        }
    }

    @Test
    func aMissingPackIsNamed() async throws {
        try await Workplace.use { place in
            try await place.check(
                """
                dlv init zoo.dlv
                dlv commit --model m $FIXTURES/base_01.safetensors
                rm zoo.dlv/packs/*.high
                """
            )
            let report = try await place.run("dlv verify")
            #expect(report.status == 1)
            #expect(report.output.contains(".high"))
        }
    }

    @Test
    func aKilledCommitLeavesNothingBehind() async throws {
        try await Workplace.use { place in
            try await place.check(
                #"""
                dlv init zoo.dlv
                dlv commit --model m $FIXTURES/base_01.safetensors
                head -c 20000000 /dev/urandom > big.bin
                for delay in 0.02 0.05 0.1 0.2 0.4 0.8; do
                    dlv commit --model m big.bin > /dev/null 2>&1 &
                    sleep $delay
                    kill -9 $! 2>/dev/null || true
                    wait $! 2>/dev/null || true
                    dlv verify > /dev/null
                    # A version is there in full or not at all.
                    dlv export m@v1 back > /dev/null
                    cmp back/base_01.safetensors $FIXTURES/base_01.safetensors
                    rm -r back
                done
                dlv commit --model m -m after $FIXTURES/base_04.safetensors
                dlv gc
                dlv verify --deep
                test $(ls zoo.dlv/packs/*.high | wc -l) -le $(dlv list | grep -c 'm@v')
                """#
            )
        }
    }

    @Test
    func aKilledMountIsMountedOverWithOneCommand() async throws {
        try await Workplace.useMountedZoo { place in
            try await place.check(
                """
                server=$(dlv status --json | python -c '
                import json, os, sys
                here = os.path.realpath("mnt")
                print(*[row["pid"] for row in json.load(sys.stdin) if row["mount_point"] == here])')
                kill -9 $server
                ! ls mnt 2>/dev/null
                dlv mount zoo.dlv mnt
                cmp mnt/models/lenet/v1/model.safetensors $FIXTURES/base_10.safetensors
                """
            )
        }
    }
}
