import Testing

/// What is refused: with one sentence, a status that is not 0, and the archive as it was.
@Suite(.serialized)
struct BadInputTests {
    @Test
    func brokenWeightFilesAreRefused() async throws {
        try await Workplace.use { place in
            try await place.check(
                #"""
                dlv init zoo.dlv
                dlv commit --model good $FIXTURES/base_01.safetensors
                python - <<'PYTHON'
                import json, os, struct
                good = open(os.environ["FIXTURES"] + "/base_01.safetensors", "rb").read()
                def write(name, header, data=b"\0" * 16, length=None):
                    text = header if isinstance(header, bytes) else json.dumps(header).encode()
                    open(name + ".safetensors", "wb").write(
                        struct.pack("<Q", len(text) if length is None else length) + text + data)
                def tensor(start, end, dtype="F32", shape=None):
                    return {"dtype": dtype, "shape": shape or [(end - start) // 4], "data_offsets": [start, end]}
                open("truncated.safetensors", "wb").write(good[:-1])
                open("empty.safetensors", "wb").close()
                open("short.safetensors", "wb").write(b"\1\2\3")
                write("long", {"a": tensor(0, 16)}, length=10**6)
                write("huge", {"a": tensor(0, 16)}, length=2**63)
                write("overlap", {"a": tensor(0, 12), "b": tensor(8, 16)})
                write("outside", {"a": tensor(0, 32)})
                write("lying", {"a": tensor(0, 16, shape=[5])})
                write("twice", b'{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},'
                               b'"a":{"dtype":"F32","shape":[2],"data_offsets":[8,16]}}')
                write("nojson", b"{]")
                write("overflow", {"a": tensor(0, 16, shape=[2**62, 2**62])})
                open("short.npy", "wb").write(b"\x93NUMPY\1\0")
                open("broken.npz", "wb").write(b"PK\3\4 and nothing")
                PYTHON
                """#
            )
            let before = try await place.check("dlv list --json; ls zoo.dlv/packs")
            for name in [
                "truncated.safetensors", "empty.safetensors", "short.safetensors",
                "long.safetensors", "huge.safetensors", "overlap.safetensors",
                "outside.safetensors", "lying.safetensors", "twice.safetensors",
                "nojson.safetensors", "overflow.safetensors", "short.npy",
                "broken.npz",
            ] {
                let message = try await place.fail("dlv commit --model bad \(name)")
                #expect(message.contains(name), "\(message)")
            }
            #expect(try await place.check("dlv list --json; ls zoo.dlv/packs") == before)
            try await place.check("dlv verify --deep")
        }
    }

    @Test
    func compressedArraysAreKeptWholeAndTheUserIsTold() async throws {
        try await Workplace.use { place in
            let message = try await place.check(
                """
                python -c 'import numpy; numpy.savez_compressed("w.npz", a=numpy.zeros((50, 50)))'
                dlv init zoo.dlv
                dlv commit --model m w.npz
                dlv export m back
                cmp w.npz back/w.npz
                """
            )
            #expect(message.contains("w.npz is kept whole") && message.contains("compressed"))
        }
    }

    @Test
    func pathsThatCannotBeCommittedAreRefused() async throws {
        try await Workplace.use { place in
            try await place.check(
                """
                dlv init zoo.dlv
                mkdir loop dangling special
                ln -s ../loop loop/again
                ln -s nowhere dangling/link
                mkfifo special/pipe
                """
            )
            #expect(try await place.fail("dlv commit --model m loop").contains("loop"))
            #expect(try await place.fail("dlv commit --model m dangling").contains("nowhere"))
            #expect(try await place.fail("dlv commit --model m special").contains("pipe"))
            #expect(try await place.fail("dlv commit --model m missing").contains("missing"))
            #expect(try await place.fail("dlv commit --model m").contains("nothing to commit"))
            for name in ["..", "a/../b", "a//b", ".hidden", "v3", "a/latest", "ü", "'a b'", "''"] {
                let message = try await place.fail("dlv commit --model \(name) special")
                #expect(message.contains("name"), "\(name): \(message)")
            }
            try await place.check("touch file && dlv commit --model Lenet file")
            #expect(try await place.fail("dlv commit --model lenet file").contains("case"))
            #expect(try await place.fail("dlv commit --model x --parent y file").contains("y"))
            let log = try await place.fail(
                "printf 'step,loss\\n1\\n' > log; dlv commit --model x --measurements log file"
            )
            #expect(log.contains("line 2"))
        }
    }

    @Test
    func whatIsNoArchiveIsRefused() async throws {
        try await Workplace.use { place in
            try await place.check(
                """
                dlv init zoo.dlv
                mkdir other
                echo 'not a database, but long enough to be looked at' > other/catalog.sqlite
                mkdir newer
                cp zoo.dlv/catalog.sqlite newer
                mkdir -p mnt full/of/things
                """
            )
            try await place.check(
                """
                python -c 'import sqlite3; sqlite3.connect("newer/catalog.sqlite").execute("PRAGMA user_version = 99")'
                """
            )
            #expect(try await place.fail("dlv list --archive mnt").contains("not an archive"))
            #expect(try await place.fail("dlv list --archive other").contains("catalog"))
            #expect(try await place.fail("dlv list --archive newer").contains("newer"))
            #expect(try await place.fail("dlv mount newer mnt").contains("newer"))
            #expect(try await place.fail("dlv init zoo.dlv").contains("already"))
            #expect(try await place.fail("dlv init full").contains("not empty"))
            #expect(
                try await place.fail("cd /; unset DLV_ARCHIVE; dlv list").contains("no archive")
            )
        }
    }

    @Test
    func mountPointsThatCannotServeAreRefused() async throws {
        try await Workplace.use { place in
            try await place.check(
                "dlv init zoo.dlv; mkdir -p mnt full/of/things; touch file"
            )
            #expect(try await place.fail("dlv mount zoo.dlv full").contains("not empty"))
            #expect(try await place.fail("dlv mount zoo.dlv missing").contains("missing"))
            #expect(try await place.fail("dlv mount zoo.dlv file").contains("file"))
            #expect(try await place.fail("dlv unmount full").contains("full"))
            try await place.check("dlv mount zoo.dlv mnt")
            #expect(try await place.fail("dlv mount zoo.dlv mnt").contains("already"))
            let busy = try await place.fail("exec 3< mnt/README.txt; dlv unmount mnt")
            #expect(busy.contains("busy") || busy.contains("in use"), "\(busy)")
            try await place.check("dlv unmount mnt")
        }
    }

    @Test
    func aMountWithoutTheFuseDeviceIsRefused() async throws {
        try await Workplace.use { place in
            try await place.check("dlv init zoo.dlv; mkdir mnt")
            // A mount namespace of its own, in which /dev/fuse is hidden.
            let message = try await place.fail(
                "apart sh -c 'mount -t tmpfs none /dev && dlv mount zoo.dlv mnt'"
            )
            #expect(message.contains("/dev/fuse"), "\(message)")
        }
    }

    @Test
    func aFullDiskLeavesTheArchiveAsItWas() async throws {
        try await Workplace.use { place in
            try await place.check(
                """
                mkdir small
                mount -t tmpfs -o size=2m none small
                export DLV_ARCHIVE=small/zoo.dlv
                dlv init small/zoo.dlv
                dlv commit --model m $FIXTURES/base_01.safetensors
                head -c 5000000 /dev/urandom > big.bin
                """
            )
            let message = try await place.fail(
                "DLV_ARCHIVE=small/zoo.dlv dlv commit --model m big.bin"
            )
            #expect(message.contains("full") || message.contains("space"), "\(message)")
            try await place.check(
                """
                export DLV_ARCHIVE=small/zoo.dlv
                dlv verify --deep
                test $(dlv list | grep -c 'm@v') = 1
                test $(du -s --apparent-size small/zoo.dlv/packs | cut -f1) -lt 400
                dlv commit --model m $FIXTURES/base_04.safetensors
                umount small
                """
            )
        }
    }
}
