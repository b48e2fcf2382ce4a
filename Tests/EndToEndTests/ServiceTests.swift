import Glibc
import Testing

/// A mount as a service: how it starts, tells of itself, and ends.
@Suite(.serialized)
struct ServiceTests {
    @Test
    func aMountThatCannotStartSaysSoBeforeItReturns() async throws {
        try await Workplace.use { place in
            try await place.makeZoo()
            try await place.check("mkdir -p mnt full; touch full/file")
            let full = try await place.fail("dlv mount zoo.dlv full")
            #expect(full.contains("not empty"))
            let subdirectory = try await place.fail("dlv mount --subdir models/none zoo.dlv mnt")
            #expect(subdirectory.contains("models/none"))
            let user = try await place.fail("dlv mount --uid nobody-at-all zoo.dlv mnt")
            #expect(user.contains("nobody-at-all"))
            let level = try await place.fail("dlv mount --log-level loud zoo.dlv mnt")
            #expect(level.contains("notice"))
            let log = try await place.fail("dlv mount --log missing/dir/log zoo.dlv mnt")
            #expect(log.contains("log"))
            try await place.check("head -c 100 /dev/zero > zoo.dlv/catalog.sqlite")
            let damaged = try await place.fail("dlv mount zoo.dlv mnt")
            #expect(damaged.contains("catalog"))
            try await place.check("! grep -q \"$PWD/mnt\" /proc/self/mountinfo")
        }
    }

    @Test
    func theStatusTellsWhatTheServerDid() async throws {
        try await Workplace.useMountedZoo("--cache-size 8 --log log --log-level info") { place in
            try await place.check(
                #"""
                cat mnt/models/lenet/v1/model.safetensors > /dev/null
                exec 5< mnt/models/lenet/v2/model.safetensors
                dlv status --json > status.json
                cat mnt/.status > hidden.json
                ! ls -a mnt | grep -q status
                dlv status | grep "$PWD/mnt" | grep -q running
                python - <<'PYTHON'
                import json, os
                here = os.path.realpath("mnt")
                [row] = [row for row in json.load(open("status.json")) if row["mount_point"] == here]
                assert row["state"] == "running" and row["alive"] is True
                server, hidden = row["server"], json.load(open("hidden.json"))
                assert row["pid"] == server["pid"] == hidden["pid"]
                assert server["mount_point"] == here
                assert server["cache_bytes_max"] == 8 << 20
                assert server["read_bytes"] >= 247560 and server["decoded_chunks"] > 0
                assert server["decoded_bytes"] > 0 and server["cache_misses"] > 0
                assert server["open_files"] >= 1
                assert server["waiting_chunks"] == 0
                PYTHON
                exec 5<&-
                dlv unmount mnt
                grep -q 'notice: .* is mounted at' log
                grep -q 'notice: .* has ended' log
                dlv status | grep "$PWD/mnt" && exit 1 || true
                """#
            )
        }
    }

    @Test
    func aSilentServerIsUnmounted() async throws {
        try await Workplace.useMountedZoo { place in
            try await place.check(
                """
                server=$(server-of mnt)
                kill -STOP $server
                dlv unmount mnt & unmount=$!
                for _ in $(seq 100); do grep -q "$PWD/mnt" /proc/self/mountinfo || break; sleep 0.05; done
                kill -CONT $server
                wait $unmount
                ! kill -0 $server 2> /dev/null
                """
            )
        }
    }

    @Test
    func aQuestionUnderWayDoesNotKeepAMountBusy() async throws {
        try await Workplace.useMountedZoo { place in
            try await place.check(
                """
                sleep 1 < mnt/.status & question=$!
                until [ "$(readlink /proc/$question/fd/0)" = "$PWD/mnt/.status" ]; do sleep 0.01; done
                dlv unmount mnt
                ! grep -q "$PWD/mnt" /proc/self/mountinfo
                """
            )
        }
    }

    @Test(.needsRoot)
    func anUnmountSaysThatAnotherNamespaceHoldsTheMount() async throws {
        try await Workplace.useMountedZoo { place in
            try await place.check(
                """
                server=$(server-of mnt)
                apart sh -c 'touch started; exec sleep 100' & container=$!
                until [ -e started ]; do sleep 0.05; done
                dlv unmount mnt 2> said
                grep -q "process $server, has not ended" said
                ! grep -q "$PWD/mnt" /proc/self/mountinfo
                kill $container
                wait $container || true
                for _ in $(seq 200); do kill -0 $server 2> /dev/null || exit 0; sleep 0.05; done
                false
                """
            )
        }
    }

    @Test
    func aSilentServerDoesNotHoldUpTheStatus() async throws {
        try await Workplace.useMountedZoo { place in
            try await place.check(
                """
                server=$(server-of mnt)
                kill -STOP $server
                timeout 20 dlv status > status || { kill -CONT $server; exit 1; }
                kill -CONT $server
                grep "$PWD/mnt" status | grep -q silent
                dlv status | grep "$PWD/mnt" | grep -q running
                """
            )
        }
    }

    @Test
    func aTerminatedServerLetsItsReadersFinish() async throws {
        try await Workplace.use { place in
            try await place.check(
                #"""
                dlv init zoo.dlv
                python - <<'PYTHON'
                import numpy
                from safetensors.numpy import save_file
                rng = numpy.random.default_rng(3)
                save_file({"w": rng.standard_normal(8_000_000).astype("f4")}, "w.safetensors")
                PYTHON
                dlv commit --model m w.safetensors
                """#
            )
            try await place.mount("--log log")
            try await place.check(
                #"""
                server=$(server-of mnt)
                cat > reader.py <<'PYTHON'
                import os, time
                file = open("mnt/models/m/v1/model.safetensors", "rb", buffering=0)
                read = file.read(1 << 16)
                open("began", "w").close()
                while not os.path.exists("ending"): time.sleep(0.01)
                time.sleep(0.3)
                while part := file.read(1 << 20): read += part
                assert read == open("w.safetensors", "rb").read()
                PYTHON
                python reader.py & reader=$!
                while ! test -e began; do sleep 0.01; done
                kill -TERM $server
                touch ending
                wait $reader
                for _ in $(seq 100); do kill -0 $server 2>/dev/null || break; sleep 0.05; done
                ! kill -0 $server 2>/dev/null
                ! grep -q "$PWD/mnt" /proc/self/mountinfo
                grep -q 'Signal 15' log
                """#
            )
        }
    }

    @Test
    func aFileThatStaysOpenDoesNotKeepAServerFromEnding() async throws {
        try await Workplace.use { place in
            try await place.makeZoo()
            for (grace, signals) in [("1", "-TERM"), ("600", "-TERM -TERM -TERM")] {
                try await place.mount("--grace \(grace)")
                try await place.check(
                    """
                    server=$(server-of mnt)
                    exec 5< mnt/models/lenet/v1/model.safetensors
                    for signal in \(signals); do kill $signal $server 2>/dev/null || true; sleep 0.2; done
                    for _ in $(seq 100); do kill -0 $server 2>/dev/null || break; sleep 0.05; done
                    ! kill -0 $server 2>/dev/null
                    exec 5<&-
                    ls mnt | wc -l | grep -qx 0
                    """
                )
            }
        }
    }

    @Test
    func aBusyMountStaysUnlessItIsUnmountedLazily() async throws {
        try await Workplace.useMountedZoo { place in
            let busy = try await place.fail(
                "exec 5< mnt/models/lenet/v1/model.safetensors; dlv unmount mnt")
            #expect(busy.contains("busy"))
            try await place.check(
                """
                ls mnt/models/lenet > /dev/null
                exec 5< mnt/models/lenet/v1/model.safetensors
                dlv unmount --lazy mnt
                ls mnt | wc -l | grep -qx 0
                cmp - $FIXTURES/base_10.safetensors <&5
                dlv mount zoo.dlv mnt
                exec 5<&-
                sleep 0.2
                ls mnt/models/lenet > /dev/null
                """
            )
        }
    }

    @Test
    func optionsChangeWhatIsShown() async throws {
        try await Workplace.use { place in
            try await place.makeZoo()
            try await place.check(
                """
                mkdir one read
                dlv mount --subdir models/lenet --uid 1234 --gid 4321 zoo.dlv one
                ls one | tr '\\n' ' ' | grep -qx 'base latest v1 v2 '
                test "$(stat -c %u:%g one/v1/model.safetensors)" = 1234:4321
                test "$(stat -c %i one)" = 1
                cmp one/latest/model.safetensors $FIXTURES/fine-tune-a_05.safetensors
                test "$(cd one/v1/layers/.. && readlink ../latest)" = v2
                dlv unmount one
                dlv mount --read-only zoo.dlv read
                ! touch read/query/new.dql 2> error
                grep -q 'Read-only' error
                cmp read/models/lenet/v1/model.safetensors $FIXTURES/base_10.safetensors
                dlv unmount read
                """
            )
        }
    }

    @Test
    func theHelperOfMountTakesALineOfFstab() async throws {
        try await Workplace.use { place in
            try await place.makeZoo()
            try await place.check(
                #"""
                program=$(sed -n "s/exec '\(.*\)' .*/\1/p" .tools/dlv)
                ln -s "$program" mount.dlv
                mkdir mnt
                ./mount.dlv zoo.dlv mnt -s -o rw,noauto,x-systemd.automount,uid=7,cache_size=16,read_ahead=512
                test "$(stat -c %u mnt/models)" = 7
                grep -q '"cache_bytes_max": 16777216' mnt/.status
                # As soon as it is mounted; only root may set it.
                if [ $(id -u) = 0 ]; then grep -qx 512 /sys/class/bdi/$(mountpoint -d mnt)/read_ahead_kb; fi
                dlv unmount mnt
                ./mount.dlv -f zoo.dlv mnt
                ! ./mount.dlv zoo.dlv mnt -o colour=blue 2> error
                grep -q 'colour=blue' error
                """#
            )
        }
    }

    /// mount(8) finds helpers in /sbin only, and only root may put one there.
    @Test(
        .needsRoot,
        .enabled(if: access("/sbin/mount.dlv", F_OK) != 0, "needs /sbin/mount.dlv to be free")
    )
    func mountFindsItsHelper() async throws {
        try await Workplace.use { place in
            try await place.makeZoo()
            try await place.check(
                #"""
                mkdir mnt
                ln -s "$(sed -n "s/exec '\(.*\)' .*/\1/p" .tools/dlv)" /sbin/mount.dlv
                trap 'rm -f /sbin/mount.dlv' EXIT
                echo "$PWD/zoo.dlv $PWD/mnt dlv ro,subdir=models/lenet,nofail 0 0" > fstab
                mount -T fstab "$PWD/mnt"
                cmp mnt/v1/model.safetensors $FIXTURES/base_10.safetensors
                findmnt -no OPTIONS "$PWD/mnt" | grep -qw ro
                umount mnt
                """#
            )
        }
    }
}
