import Testing

/// Readers of a real mount: what people do with weights.
@Suite(.serialized)
struct MountTests {
    @Test
    func pythonReadersSeeTheOriginalTensorsInEverySnapshot() async throws {
        try await Workplace.useMountedZoo { place in
            try await place.check(
                #"""
                cat > compare.py <<'PYTHON'
                import glob, os, numpy
                from safetensors import safe_open
                from safetensors.numpy import load_file
                snapshots = {"base": "v1", "fine-tune-a": "v2"}
                checked = 0
                for path in sorted(glob.glob(os.environ["FIXTURES"] + "/*.safetensors")):
                    run, step = os.path.basename(path)[:-len(".safetensors")].rsplit("_", 1)
                    place = f"mnt/models/lenet/{snapshots[run]}/snapshots/{int(step)}"
                    assert open(f"{place}/model.safetensors", "rb").read() == open(path, "rb").read()
                    original = load_file(path)
                    with safe_open(f"{place}/model.safetensors", framework="numpy") as mounted:
                        assert set(mounted.keys()) == set(original)
                        for name in mounted.keys():
                            assert numpy.array_equal(mounted.get_tensor(name), original[name])
                    for name, tensor in original.items():
                        layer, last = name.rsplit(".", 1)
                        mapped = numpy.load(f"{place}/layers/{layer}/{last}.npy", mmap_mode="r")
                        assert mapped.dtype == tensor.dtype and mapped.shape == tensor.shape
                        assert mapped.tobytes() == tensor.tobytes()
                        checked += 1
                assert checked == 7 * 10, checked
                PYTHON
                python compare.py
                cmp mnt/models/lenet/latest/model.safetensors $FIXTURES/fine-tune-a_05.safetensors
                """#
            )
        }
    }

    @Test
    func ordinaryToolsCopyTheTreeByteForByte() async throws {
        try await Workplace.use { place in
            try await place.check(
                """
                mkdir -p run/sub/deep
                cp $FIXTURES/base_0*.safetensors run/sub
                echo text > run/sub/deep/notes.txt
                : > run/empty
                ln -s sub/deep/notes.txt run/link
                printf '#!/bin/sh\\necho ran\\n' > run/tool.sh
                chmod +x run/tool.sh
                dlv init zoo.dlv
                dlv commit --model run run
                """
            )
            try await place.mount()
            try await place.check(
                """
                files=mnt/models/run/latest/files
                diff -r run $files
                cp -a $files by-cp
                diff -r run by-cp
                rsync -a $files/ by-rsync
                diff -r run by-rsync
                tar -C $files -cf - . | (mkdir by-tar && tar -C by-tar -xf -)
                diff -r run by-tar
                (cd run && find . -type f | sort | xargs sha256sum) > sums
                (cd $files && sha256sum --quiet -c) < sums
                test "$(cd run && find . | sort)" = "$(cd $files && find . | sort)"
                test $(du -sb --apparent-size $files/sub/base_01.safetensors | cut -f1) = 247560
                test $(stat -c %s $files/tool.sh) = $(stat -c %s run/tool.sh)
                test "$($files/tool.sh)" = ran
                test "$(cat $files/link)" = text
                test "$(stat -c %Y $files/empty)" = "$(stat -c %Y run/empty)"
                du -s mnt > /dev/null
                df mnt > /dev/null
                """
            )
        }
    }

    @Test
    func aFolderOfVeryManyFilesIsListedOnceAndWhole() async throws {
        try await Workplace.use { place in
            try await place.check(
                """
                mkdir -p run/some run/many
                (cd run/some && seq 1 500 | split -l 1 -a 5 - s)
                (cd run/many && seq 1 9000 | split -l 1 -a 5 - m)
                dlv init zoo.dlv
                dlv commit --model m run > /dev/null
                ls run/many > names
                """
            )
            try await place.mount()
            try await place.check(
                #"""
                many=mnt/models/m/v1/files/many
                # At once, by several, while the server reads what there is.
                for number in 1 2 3 4; do ls -lU $many | awk 'NR > 1 { print $9 }' | sort > listed-$number & done
                find mnt/models/m/v1/files -type f -size 1 | sed 's/.*\///' | grep '^m' | sort > found &
                test "$(cat $many/mabcd)" = "$(cat run/many/mabcd)"
                ! ls $many/none 2> /dev/null
                wait
                for list in listed-1 listed-2 listed-3 listed-4 found; do cmp names $list; done
                diff -r run mnt/models/m/v1/files
                """#
            )
            try await place.check("dlv unmount mnt")
            try await place.mount()
            try await place.check(
                #"""
                cat > seek.py <<'PYTHON'
                import ctypes
                libc = ctypes.CDLL(None, use_errno=True)
                libc.opendir.restype = libc.readdir.restype = ctypes.c_void_p
                libc.readdir.argtypes = libc.telldir.argtypes = libc.closedir.argtypes = [ctypes.c_void_p]
                libc.telldir.restype = ctypes.c_long
                libc.seekdir.argtypes = [ctypes.c_void_p, ctypes.c_long]
                folder = libc.opendir(b"mnt/models/m/v1/files/many")
                def names(count=1 << 30):
                    found = []
                    # struct dirent: d_name begins at byte 19.
                    while len(found) < count and (entry := libc.readdir(folder)):
                        found.append(ctypes.string_at(entry + 19).decode())
                    return found
                # On a fresh mount: to the middle, to the end, and back.
                first = names(3000)
                place = libc.telldir(folder)
                rest = names()
                assert len(set(first + rest)) == len(first + rest) == 9002, (len(first), len(rest))
                libc.seekdir(folder, place)
                assert names() == rest
                for beyond in (9002, 9003, 1 << 40, (1 << 63) - 1):
                    libc.seekdir(folder, beyond)
                    assert names() == [], beyond
                libc.seekdir(folder, 0)
                assert names() == first + rest
                PYTHON
                python seek.py
                """#
            )
        }
    }

    @Test
    func everyWalkOfTheTreeEnds() async throws {
        try await Workplace.useMountedZoo { place in
            try await place.check(
                """
                echo 'select m' > mnt/query/all.dql
                ls mnt/query/all > /dev/null
                find -L mnt > found
                grep -q lineage found
                grep -R fine-tuned mnt/models > /dev/null
                grep -rl 'LeNet-5 on MNIST' mnt/lineage > /dev/null || true
                cp -rL mnt/query/all answer
                cmp answer/lenet@v2/model.safetensors $FIXTURES/fine-tune-a_05.safetensors
                cp -rL mnt/lineage/lenet@v2 lineage
                test -f lineage/parents/lenet@v1/metadata.json
                python -c 'import glob; assert len(glob.glob("mnt/**", recursive=True)) > 100'
                """
            )
        }
    }

    @Test
    func resolutionsAreExactTruncations() async throws {
        try await Workplace.useMountedZoo { place in
            try await place.check(
                #"""
                test "$(ls mnt/models/lenet/v2/resolution | tr '\n' ' ')" = '1 2 3 '
                python - <<'PYTHON'
                import numpy
                from safetensors.numpy import load_file
                version = "mnt/models/lenet/v2/"
                full = load_file(version + "model.safetensors")
                for count in 1, 2, 3:
                    folder = f"{version}resolution/{count}/"
                    for name, tensor in load_file(folder + "model.safetensors").items():
                        bits = full[name].view(numpy.uint32) & numpy.uint32(2**32 - 2**(32 - 8 * count))
                        assert (tensor.view(numpy.uint32) == bits).all(), name
                    bias = numpy.load(folder + "layers/conv1/bias.npy")
                    assert (bias == load_file(folder + "model.safetensors")["conv1.bias"]).all()
                PYTHON
                """#
            )
        }
    }

    @Test
    func theTreeShowsWhatTheVersionIs() async throws {
        try await Workplace.useMountedZoo { place in
            try await place.check(
                #"""
                version=mnt/models/lenet/v1
                test "$(ls $version | tr '\n' ' ')" = \
                    "files hyperparameters.json layers lineage.json measurements.tsv metadata.json model.safetensors network.dot network.json resolution snapshots "
                test "$(readlink mnt/models/lenet/latest)" = v2
                test "$(readlink mnt/models/lenet/base)" = v1
                test "$(ls $version/snapshots | tr '\n' ' ')" = '1 10 4 7 '
                head -1 $version/layers/index.tsv | grep -q dtype
                test $(wc -l < $version/layers/index.tsv) = 11
                test "$(sed -n 2p $version/measurements.tsv)" = "$(printf '1\t0.9814\t0.020078')"
                python - <<'PYTHON'
                import json
                metadata = json.load(open("mnt/models/lenet/v1/metadata.json"))
                assert metadata["model"] == "lenet" and metadata["parameters"] == 61706, metadata
                assert json.load(open("mnt/models/lenet/v1/hyperparameters.json")) == {"lr": 0.05}
                lineage = json.load(open("mnt/models/lenet/v2/lineage.json"))
                assert lineage["parents"][0]["version"] == "lenet@v1", lineage
                PYTHON
                test "$(readlink mnt/lineage/lenet@v1/children/lenet@v2)" = ../../../models/lenet/v2
                test -f mnt/CACHEDIR.TAG
                test -s mnt/README.txt
                """#
            )
        }
    }

    @Test
    func otherFormatsAreShownAsTensorsToo() async throws {
        try await Workplace.use { place in
            try await place.check(
                #"""
                mkdir run
                python - <<'PYTHON'
                import numpy
                from safetensors.numpy import load_file, save_file
                rng = numpy.random.default_rng(1)
                arrays = {
                    "a": rng.standard_normal((200, 300)).astype("f4"),
                    "b.weight": rng.integers(-5, 5, (7, 3)),
                    "c": numpy.array(3.5),
                    "d": numpy.asfortranarray(rng.standard_normal((4, 5))),
                    "e": numpy.zeros((0, 3), "f2"),
                    "f": numpy.array([True, False]),
                }
                numpy.savez("run/w.npz", **arrays)
                numpy.save("run/single.npy", arrays["a"])
                import struct, json
                # bfloat16, which numpy cannot read, is shown as float32.
                values = arrays["a"].ravel()[:1000]
                narrow = (values.view("u4") >> 16).astype("u2")
                header = json.dumps({"h": {"dtype": "BF16", "shape": [1000], "data_offsets": [0, 2000]}})
                with open("bf16.safetensors", "wb") as file:
                    file.write(struct.pack("<Q", len(header)) + header.encode() + narrow.tobytes())
                PYTHON
                dlv init zoo.dlv
                dlv commit --model npz run/w.npz
                dlv commit --model npy run/single.npy
                dlv commit --model bf16 bf16.safetensors
                """#
            )
            try await place.mount()
            try await place.check(
                #"""
                cmp run/w.npz mnt/models/npz/latest/files/w.npz
                python - <<'PYTHON'
                import glob, numpy
                from safetensors.numpy import load_file
                original = numpy.load("run/w.npz")
                layers = "mnt/models/npz/latest/layers"
                names = {"a": "a", "b.weight": "b/weight", "c": "c", "d": "d", "e": "e", "f": "f"}
                for name, path in names.items():
                    shown = numpy.load(f"{layers}/{path}.npy", mmap_mode=None)
                    assert shown.dtype == original[name].dtype, (name, shown.dtype)
                    assert shown.shape == original[name].shape, (name, shown.shape)
                    assert numpy.array_equal(shown, original[name]), name
                mounted = numpy.load("mnt/models/npz/latest/files/w.npz")
                assert numpy.array_equal(mounted["a"], original["a"])
                single = load_file("mnt/models/npy/latest/model.safetensors")
                assert numpy.array_equal(list(single.values())[0], original["a"])
                wide = numpy.load("mnt/models/bf16/latest/layers/h.npy", mmap_mode="r")
                values = original["a"].ravel()[:1000]
                assert wide.dtype == numpy.float32
                assert numpy.array_equal(wide.view("u4"), values.view("u4") & 0xFFFF0000)
                PYTHON
                """#
            )
        }
    }

    @Test
    func aCommitShowsInAMountWithoutARemount() async throws {
        try await Workplace.useMountedZoo { place in
            try await place.check(
                """
                test "$(readlink mnt/models/lenet/latest)" = v2
                ls mnt/models mnt/models/lenet > /dev/null
                dlv commit --model lenet -m third $FIXTURES/base_10.safetensors
                dlv commit --model new/one $FIXTURES/base_10.safetensors
                dlv tag lenet@v3 third
                sleep 1.1
                cmp mnt/models/lenet/v3/model.safetensors $FIXTURES/base_10.safetensors
                test "$(readlink mnt/models/lenet/latest)" = v3
                test "$(readlink mnt/models/lenet/third)" = v3
                ls mnt/models/new/one | grep -q v1
                ls mnt/models/lenet | grep -q v3
                dlv remove lenet@v3
                sleep 1.1
                ! ls mnt/models/lenet/v3 2>/dev/null
                test "$(readlink mnt/models/lenet/latest)" = v2
                """
            )
        }
    }

    @Test
    func twoMountsOfOneArchiveWorkAtOnce() async throws {
        try await Workplace.useMountedZoo { place in
            try await place.check(
                """
                mkdir other
                dlv mount zoo.dlv other
                cmp mnt/models/lenet/v1/model.safetensors other/models/lenet/v1/model.safetensors
                test $(dlv status | grep -c "$PWD/zoo.dlv") = 2
                dlv unmount mnt
                cat other/models/lenet/v1/metadata.json > /dev/null
                dlv unmount other
                ! dlv status | grep -q "$PWD/zoo.dlv"
                """
            )
        }
    }

    @Test
    func nothingOutsideQueryCanBeChanged() async throws {
        try await Workplace.useMountedZoo { place in
            try await place.check(
                """
                for try in 'touch mnt/x' 'mkdir mnt/models/x' 'rm mnt/models/lenet/v1/metadata.json' \
                    'rm -r mnt/models/lenet/v1' 'mv mnt/models/lenet mnt/models/x' \
                    'ln -s a mnt/models/b' 'chmod +w mnt/models/lenet/v1/metadata.json' \
                    'cp /etc/hostname mnt/models/lenet/v1/metadata.json' 'mkdir mnt/query/sub'
                do
                    if $try 2>messages; then echo "'$try' succeeded"; exit 1; fi
                done
                grep -q 'Read-only\\|not permitted' messages
                dlv verify --deep > /dev/null
                """
            )
        }
    }

    @Test
    func manyReadersOfOneMappedFileSeeTheSameBytes() async throws {
        try await Workplace.useMountedZoo { place in
            try await place.check(
                #"""
                python - <<'PYTHON'
                import mmap, os, random, threading
                path = "mnt/models/lenet/v2/model.safetensors"
                expected = open(os.environ["FIXTURES"] + "/fine-tune-a_05.safetensors", "rb").read()
                failures = []
                def read(seed):
                    choose = random.Random(seed)
                    with open(path, "rb") as file, mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ) as view:
                        for _ in range(50):
                            start = choose.randrange(len(expected))
                            count = choose.randrange(1, 5000)
                            if view[start:start + count] != expected[start:start + count]:
                                failures.append((seed, start, count))
                threads = [threading.Thread(target=read, args=(seed,)) for seed in range(16)]
                for thread in threads: thread.start()
                for thread in threads: thread.join()
                assert not failures, failures[:3]
                PYTHON
                """#
            )
        }
    }

    @Test
    func anArchiveOnAReadOnlyMediumIsReadable() async throws {
        try await Workplace.use { place in
            try await place.makeZoo()
            // A read-only view of the archive's folder: root may write anything else.
            try await place.check(
                """
                rm -f zoo.dlv/lock
                mkdir view mnt
                mount --bind zoo.dlv view
                mount -o remount,ro,bind view
                ls -A view
                dlv list --archive view | grep -q lenet@v2
                dlv mount view mnt
                cmp mnt/models/lenet/v1/model.safetensors $FIXTURES/base_10.safetensors
                dlv unmount mnt
                umount view
                """
            )
        }
    }
}
