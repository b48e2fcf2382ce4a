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

    /// Commits the models `slow` and `other`, of a pack each; gives a line of shell that sets `$pack`
    /// to a file of the first.
    private func commitSlowModel(_ place: Workplace, suffix: String) async throws -> String {
        try await place.check(
            #"""
            dlv init zoo.dlv
            python - <<'PYTHON'
            import numpy
            from safetensors.numpy import save_file
            for size, name in ((300, "slow"), (310, "other")):
                weights = numpy.random.default_rng(size).standard_normal((size, 300)).astype("f4")
                save_file({f"{name}.weight": weights}, f"{name}.safetensors")
            PYTHON
            dlv commit --model slow slow.safetensors
            ls zoo.dlv/packs > first
            dlv commit --model other other.safetensors
            """#
        )
        return "export pack=zoo.dlv/packs/$(grep '\\.\(suffix)$' first)\n"
    }

    @Test
    func aDiskThatDoesNotAnswerHoldsUpNobodyElse() async throws {
        try await Workplace.use { place in
            let pack = try await commitSlowModel(place, suffix: "low")
            try await place.mount("--log log")
            // Opening a pipe waits for somebody at its other end.
            try await place.check(
                pack + #"""
                    mv $pack away; mkfifo $pack
                    cat mnt/models/slow/v1/model.safetensors > /dev/null 2> error & slow=$!
                    sleep 0.5
                    timeout 20 cmp mnt/models/other/v1/model.safetensors other.safetensors
                    timeout 20 cat mnt/models/slow/v1/metadata.json > /dev/null
                    kill -0 $slow
                    exec 9<> $pack
                    ! wait $slow
                    exec 9>&-
                    grep -q 'Input/output error' error
                    rm $pack; mv away $pack
                    cmp mnt/models/slow/v1/model.safetensors slow.safetensors
                    """#
            )
        }
    }

    @Test
    func anOpenThatDoesNotReturnHoldsUpNoOtherInABurst() async throws {
        try await Workplace.use { place in
            let pack = try await commitSlowModel(place, suffix: "high")
            try await place.mount("--log log")
            // The server knows the file already, and has only to open its pack, which a commit made it close.
            try await place.check(
                pack + #"""
                    cmp mnt/models/slow/v1/model.safetensors slow.safetensors
                    mv $pack away; mkfifo $pack
                    dlv tag other@v1 seen; sleep 0.5
                    timeout 60 python - <<'PYTHON'
                    import os, threading, time
                    # Of folders that are open, so that names need not be looked up.
                    def folder(model):
                        folder = os.open(f"mnt/models/{model}/v1", os.O_RDONLY)
                        os.stat("model.safetensors", dir_fd=folder)
                        return folder
                    other, folder_of_slow = folder("other"), folder("slow")
                    def open_file(folder):
                        return os.open("model.safetensors", os.O_RDONLY, dir_fd=folder)
                    def open_slow():
                        try:
                            os.close(open_file(folder_of_slow))
                        except OSError:
                            pass
                    slow = threading.Thread(target=open_slow)
                    # One request after the other, and none at the same time: one thread answers them all, and
                    # takes this one for as brief as the others.
                    files = [open_file(other) for _ in range(500)]
                    slow.start()
                    time.sleep(0.001)
                    start = time.monotonic()
                    files += [open_file(other) for _ in range(100)]
                    took = time.monotonic() - start
                    waited = slow.is_alive()
                    pipe = os.open(os.environ["pack"], os.O_RDWR)
                    slow.join()
                    os.close(pipe)
                    assert waited, "the slow file opened at once"
                    assert took < 1, f"other files took {took} s to open"
                    PYTHON
                    rm $pack; mv away $pack
                    cmp mnt/models/slow/v1/model.safetensors slow.safetensors
                    """#
            )
        }
    }

    @Test
    func aMountThatNobodyUsesTakesNoProcessorTime() async throws {
        try await Workplace.useMountedZoo("--log log") { place in
            try await place.check(
                #"""
                python - <<'PYTHON'
                for _ in range(2000):
                    open("mnt/models/lenet/v1/metadata.json", "rb").close()
                PYTHON
                server=$(server-of mnt)
                switches() { cat /proc/$server/task/*/status | awk '/ctxt_switches/ { sum += $2 } END { print sum }'; }
                sleep 0.5; before=$(switches); sleep 2; after=$(switches)
                test $((after - before)) -lt 40
                """#
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
