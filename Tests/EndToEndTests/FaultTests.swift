import Testing

/// A mount under faults and under load: right bytes or a clear error, never a hang.
@Suite(.serialized)
struct FaultTests {
    /// A model of 24 MB in some tensors, as `w.safetensors`, committed as `m`.
    private func commitModel(_ place: Workplace) async throws {
        try await place.check(
            #"""
            dlv init zoo.dlv
            python - <<'PYTHON'
            import numpy
            from safetensors.numpy import save_file
            rng = numpy.random.default_rng(11)
            save_file(
                {f"layer{i}.weight": rng.standard_normal((1000, 1000)).astype("f4") for i in range(6)},
                "w.safetensors",
            )
            PYTHON
            dlv commit --model m w.safetensors
            """#
        )
    }

    @Test
    func packsThatVanishAreAnErrorAndComeBack() async throws {
        try await Workplace.use { place in
            try await commitModel(place)
            try await place.check("mv zoo.dlv/packs away; mkdir zoo.dlv/packs")
            try await place.mount("--log log")
            try await place.check(
                """
                test "$(stat -c %s mnt/models/m/v1/model.safetensors)" = "$(stat -c %s w.safetensors)"
                ! cat mnt/models/m/v1/model.safetensors > /dev/null 2> error
                grep -q 'Input/output error' error
                grep -q 'pack' log
                rmdir zoo.dlv/packs; mv away zoo.dlv/packs
                cmp mnt/models/m/v1/model.safetensors w.safetensors
                # Those that are open are read on, whatever becomes of their names.
                rm zoo.dlv/packs/*
                cmp mnt/models/m/v1/files/w.safetensors w.safetensors
                """
            )
        }
    }

    @Test(.needsRoot)
    func aFullDiskIsToldToTheWriterOfAQuery() async throws {
        try await Workplace.use { place in
            try await place.makeZoo()
            try await place.check(
                #"""
                mkdir small mnt
                mount -t tmpfs -o size=16m dlv-test small
                trap 'umount -l small' EXIT
                cp -a zoo.dlv/. small/
                dlv mount small mnt
                echo 'select m' > mnt/query/kept.dql
                dd if=/dev/zero of=small/filler bs=4k 2> /dev/null || true
                cat > write.py <<'PYTHON'
                import errno, os
                file = os.open("mnt/query/new.dql", os.O_CREAT | os.O_WRONLY)
                try:
                    os.write(file, b"select m -- " + b"x" * 30000 + b"\n")
                    os.close(file)
                except OSError as error:
                    assert error.errno == errno.ENOSPC, error
                else:
                    raise AssertionError("a full disk took a query")
                PYTHON
                python write.py
                test "$(cat mnt/query/kept.dql)" = 'select m'
                ls mnt/query/kept > /dev/null
                cmp mnt/models/lenet/v1/model.safetensors $FIXTURES/base_10.safetensors
                rm small/filler
                echo 'select m' > mnt/query/new.dql
                test "$(cat mnt/query/new.dql)" = 'select m'
                dlv unmount mnt
                """#
            )
        }
    }

    @Test
    func aLockedCatalogIsRead() async throws {
        try await Workplace.useMountedZoo { place in
            try await place.check(
                #"""
                cat > lock.py <<'PYTHON'
                import os, sqlite3, time
                catalog = sqlite3.connect("zoo.dlv/catalog.sqlite", isolation_level=None)
                catalog.execute("BEGIN IMMEDIATE")
                open("locked", "w").close()
                while not os.path.exists("done"): time.sleep(0.01)
                catalog.execute("ROLLBACK")
                PYTHON
                python lock.py & holder=$!
                while ! test -e locked; do sleep 0.01; done
                timeout 20 cmp mnt/models/lenet/v1/model.safetensors $FIXTURES/base_10.safetensors
                timeout 20 ls -lR mnt/models > /dev/null
                touch done
                wait $holder
                """#
            )
        }
    }

    @Test
    func aDamagedCatalogIsAnErrorNotAHang() async throws {
        try await Workplace.use { place in
            try await place.makeZoo()
            // All in the file itself, so that damage there is seen.
            try await place.check(
                """
                python -c '
                import sqlite3
                catalog = sqlite3.connect("zoo.dlv/catalog.sqlite")
                catalog.execute("PRAGMA wal_checkpoint(TRUNCATE)")'
                """
            )
            try await place.mount("--log log")
            try await place.check(
                #"""
                python - <<'PYTHON'
                import os
                size = os.path.getsize("zoo.dlv/catalog.sqlite")
                with open("zoo.dlv/catalog.sqlite", "r+b") as file:
                    file.seek(1024)
                    file.write(b"\xAA" * (size - 1024))
                PYTHON
                timeout 60 ls mnt/models/lenet 2> error && exit 1
                grep -q 'Input/output error' error
                grep -q 'catalog' log
                timeout 60 find mnt > /dev/null 2>&1 || true
                timeout 20 dlv unmount mnt
                """#
            )
        }
    }

    @Test
    func signalStormsSpoilNoRead() async throws {
        try await Workplace.use { place in
            try await commitModel(place)
            try await place.mount("--cache-size 1")
            try await place.check(
                #"""
                cat > storm.py <<'PYTHON'
                import os, signal
                interrupts = 0
                def count(*_):
                    global interrupts
                    interrupts += 1
                signal.signal(signal.SIGALRM, count)
                signal.setitimer(signal.ITIMER_REAL, 0.001, 0.001)
                expected = open("w.safetensors", "rb").read()
                for turn in range(3):
                    file = os.open("mnt/models/m/v1/model.safetensors", os.O_RDONLY)
                    os.posix_fadvise(file, 0, 0, os.POSIX_FADV_DONTNEED)
                    done = 0
                    while part := os.pread(file, 1 << 18, done):
                        assert part == expected[done:done + len(part)]
                        done += len(part)
                    assert done == len(expected)
                    os.close(file)
                signal.setitimer(signal.ITIMER_REAL, 0)
                assert interrupts > 20, interrupts
                PYTHON
                server=$(server-of mnt)
                (for _ in $(seq 300); do kill -PIPE $server; kill -WINCH $server; sleep 0.005; done) &
                python storm.py
                wait
                """#
            )
        }
    }

    @Test
    func aThousandOpenFilesAndManyMappingsAreServed() async throws {
        try await Workplace.use { place in
            try await commitModel(place)
            try await place.mount("--cache-size 16")
            try await place.check(
                #"""
                cat > many.py <<'PYTHON'
                import json, mmap, os, random, threading
                path = "mnt/models/m/v1/model.safetensors"
                expected = open("w.safetensors", "rb").read()
                files = [os.open(path, os.O_RDONLY) for _ in range(1000)]
                assert json.load(open("mnt/.status"))["open_files"] >= 1000
                chance = random.Random(1)
                for file in files:
                    start = chance.randrange(len(expected))
                    assert os.pread(file, 100_000, start) == expected[start:start + 100_000]
                server = json.load(open("mnt/.status"))
                resident = [line for line in open(f"/proc/{server['pid']}/status") if line.startswith("VmRSS")]
                assert int(resident[0].split()[1]) < 250_000, resident
                for file in files: os.close(file)

                def walk(seed):
                    try:
                        with open(path, "rb") as file:
                            view = mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ)
                            chance = random.Random(seed)
                            for _ in range(40):
                                start = chance.randrange(len(expected))
                                assert view[start:start + 20_000] == expected[start:start + 20_000]
                            view.close()
                    except BaseException as error:
                        failures.append(repr(error)[:200])
                failures = []
                os.posix_fadvise(os.open(path, os.O_RDONLY), 0, 0, os.POSIX_FADV_DONTNEED)
                threads = [threading.Thread(target=walk, args=(seed,)) for seed in range(64)]
                for thread in threads: thread.start()
                for thread in threads: thread.join()
                assert not failures, failures[:3]
                PYTHON
                ulimit -n 4096
                timeout 120 python many.py
                """#
            )
        }
    }

    @Test
    func indexersWalkTheWholeTree() async throws {
        try await Workplace.useMountedZoo { place in
            try await place.check(
                """
                echo 'select m' > mnt/query/all.dql
                echo 'select nonsense' > mnt/query/wrong.dql || true
                # An indexer that looks into each file, and one that knows all names afterwards.
                timeout 120 find mnt -type f -exec file --brief {} + > kinds
                test $(wc -l < kinds) -eq $(find mnt -type f | wc -l)
                ! grep -i 'cannot open' kinds
                timeout 120 updatedb --require-visibility no -U "$PWD/mnt" -o names.db \
                    --prunefs '' --prunepaths '' --prunenames ''
                for path in $(find mnt -mindepth 1); do echo "$PWD/$path"; done | sort > expected
                plocate -d names.db "$PWD/mnt/" | sort | cmp - expected
                timeout 120 find mnt -printf '%i %s %T@ %p\\n' > walk
                test $(wc -l < walk) -gt 150
                timeout 120 find mnt -printf '%i %s %T@ %p\\n' > again
                grep -v ' mnt/query' walk > a; grep -v ' mnt/query' again > b
                cmp a b
                timeout 120 du -a mnt > /dev/null
                timeout 120 grep -r 'no such text anywhere' mnt > /dev/null && exit 1 || true
                """
            )
        }
    }

    @Test
    func unmountingUnderLoadEndsEveryReader() async throws {
        try await Workplace.use { place in
            try await commitModel(place)
            try await place.mount("--cache-size 1 --grace 0")
            try await place.check(
                #"""
                cat > load.py <<'PYTHON'
                import errno, os, sys
                expected = open("w.safetensors", "rb").read()
                open(f"began-{sys.argv[1]}", "w").close()
                try:
                    while True:
                        file = os.open("mnt/models/m/v1/model.safetensors", os.O_RDONLY)
                        os.posix_fadvise(file, 0, 0, os.POSIX_FADV_DONTNEED)
                        done = 0
                        while part := os.pread(file, 1 << 20, done):
                            assert part == expected[done:done + len(part)]
                            done += len(part)
                        os.close(file)
                except OSError as error:
                    assert error.errno in (errno.ENOTCONN, errno.ECONNABORTED, errno.ENOENT, errno.EIO), error
                PYTHON
                for reader in 1 2 3 4; do timeout 60 python load.py $reader & readers="${readers:-} $!"; done
                while [ $(ls began-* 2>/dev/null | wc -l) -lt 4 ]; do sleep 0.02; done
                sleep 0.5
                server=$(server-of mnt)
                kill -TERM $server
                for reader in $readers; do wait $reader; done
                for _ in $(seq 100); do kill -0 $server 2>/dev/null || break; sleep 0.05; done
                ! kill -0 $server 2>/dev/null
                """#
            )
        }
    }
}
