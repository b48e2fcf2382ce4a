import Testing

/// A mount while the archive changes under it.
@Suite(.serialized)
struct ConsistencyTests {
    @Test
    func commitsAndTagsOfOtherProcessesAppearAtOnce() async throws {
        try await Workplace.useMountedZoo { place in
            try await place.check(
                #"""
                # What was looked at, and what was looked for in vain, is what could be stale.
                ls -l mnt/models/lenet mnt/models mnt/lineage > /dev/null
                test "$(readlink mnt/models/lenet/latest)" = v2
                ! stat mnt/models/lenet/v3 2> /dev/null
                ! stat mnt/models/other 2> /dev/null
                ! stat mnt/lineage/lenet@v3 2> /dev/null
                dlv commit --model lenet $FIXTURES/base_01.safetensors
                dlv commit --model other $FIXTURES/base_04.safetensors
                dlv tag lenet@v1 oldest
                ls mnt/models | tr '\n' ' ' | grep -qx 'lenet other '
                ls mnt/models/lenet | grep -qx v3
                ls mnt/models/lenet | grep -qx oldest
                ls mnt/lineage | grep -qx lenet@v3
                test "$(readlink mnt/models/lenet/latest)" = v3
                cmp mnt/models/lenet/latest/model.safetensors $FIXTURES/base_01.safetensors
                cmp mnt/models/lenet/v3/files/base_01.safetensors $FIXTURES/base_01.safetensors
                cmp mnt/models/other/latest/model.safetensors $FIXTURES/base_04.safetensors
                """#
            )
        }
    }

    @Test
    func whatARemovalTakesAwayIsGoneWithinASecond() async throws {
        try await Workplace.useMountedZoo { place in
            try await place.check(
                #"""
                ls -l mnt/models/lenet/v2 > /dev/null
                exec 5< mnt/models/lenet/v2/model.safetensors
                dlv remove lenet@v2
                sleep 1.1
                ! ls mnt/models/lenet/v2 2> /dev/null
                ls mnt/models/lenet | tr '\n' ' ' | grep -qx 'base latest v1 '
                test "$(readlink mnt/models/lenet/latest)" = v1
                dlv gc
                # A file that is open keeps its bytes.
                cmp - $FIXTURES/fine-tune-a_05.safetensors <&5
                """#
            )
        }
    }

    @Test
    func aListingThatIsReadWhileCommitsComeHasEveryOldNameOnce() async throws {
        try await Workplace.use { place in
            try await place.check(
                """
                dlv init zoo.dlv
                for number in $(seq 12); do
                    echo $number > notes.txt; dlv commit --model m notes.txt
                done > /dev/null
                """
            )
            try await place.mount()
            try await place.check(
                #"""
                cat > list.py <<'PYTHON'
                import os, subprocess
                with os.scandir("mnt/models/m") as listing:
                    names = [next(listing).name]
                    for number in range(3):
                        open("notes.txt", "w").write(f"more {number}")
                        subprocess.run(["dlv", "commit", "--model", "m", "notes.txt"], check=True,
                                       stdout=subprocess.DEVNULL)
                    names += [entry.name for entry in listing]
                assert len(names) == len(set(names)), names
                assert {f"v{number}" for number in range(1, 13)} <= set(names), names
                # The next one has the new ones.
                assert "v15" in os.listdir("mnt/models/m")
                PYTHON
                python list.py
                """#
            )
        }
    }

    @Test
    func aListingThatIsKeptIsNotShownAfterAChange() async throws {
        try await Workplace.use { place in
            try await place.makeZoo()
            try await place.check("dlv tag lenet@v1 best")
            try await place.mount()
            try await place.check(
                #"""
                # names DIRECTORY: what a listing that may have been kept says, and within a second must say.
                names() { ls "$1" | tr '\n' ' '; }
                test "$(names mnt/models/lenet)" = 'base best latest v1 v2 '
                test "$(names mnt/lineage)" = 'lenet@v1 lenet@v2 '
                # A tag moves: no name changes, and its target and time do.
                test "$(readlink mnt/models/lenet/best)" = v1
                dlv tag lenet@v2 best
                sleep 1
                test "$(readlink mnt/models/lenet/best)" = v2
                test "$(stat -c %Y mnt/models/lenet/best)" = "$(stat -c %Y mnt/models/lenet/v2)"
                test "$(names mnt/models/lenet)" = 'base best latest v1 v2 '
                # A tag goes, though its listing was read and looked up a moment ago.
                ls -l mnt/models/lenet > /dev/null
                dlv tag --delete lenet best
                sleep 1
                test "$(names mnt/models/lenet)" = 'base latest v1 v2 '
                ! readlink mnt/models/lenet/best
                # The only version of a model goes, and with it the folder on its way.
                dlv commit --model deep/er $FIXTURES/base_01.safetensors
                sleep 1
                test "$(names mnt/models)" = 'deep lenet '
                ls -lR mnt/models/deep > /dev/null
                dlv remove deep/er@v1
                sleep 1
                test "$(names mnt/models)" = 'lenet '
                ! ls mnt/models/deep/er
                test "$(names mnt/lineage)" = 'lenet@v1 lenet@v2 '
                """#
            )
        }
    }

    @Test
    func readersSeeRightBytesWhileCommitsAndCollectionsRun() async throws {
        try await Workplace.useMountedZoo("--cache-size 1") { place in
            try await place.check(
                #"""
                cat > read.py <<'PYTHON'
                import os
                paths = {
                    "mnt/models/lenet/v1/model.safetensors": "base_10",
                    "mnt/models/lenet/v2/model.safetensors": "fine-tune-a_05",
                }
                turns = 0
                while not os.path.exists("done"):
                    for path, name in paths.items():
                        file = os.open(path, os.O_RDONLY)
                        os.posix_fadvise(file, 0, 0, os.POSIX_FADV_DONTNEED)
                        expected = open(f"{os.environ['FIXTURES']}/{name}.safetensors", "rb").read()
                        assert os.read(file, 1 << 20) == expected
                        os.close(file)
                    turns += 1
                assert turns > 3, turns
                PYTHON
                timeout 100 python read.py & reader=$!
                for number in 1 2 3 4; do
                    dlv commit --model lenet $FIXTURES/base_0$((number % 2 * 3 + 1)).safetensors > /dev/null
                    dlv remove lenet@v$((number + 2))
                    dlv gc > /dev/null
                done
                touch done
                wait $reader
                dlv verify --deep
                """#
            )
        }
    }

    @Test
    func aNewStoragePlanChangesNoByteForReaders() async throws {
        try await Workplace.useMountedZoo("--cache-size 1") { place in
            try await place.check(
                #"""
                before=$(cd mnt/models/lenet && find . -type f -exec sha256sum {} + | sort -k 2 | sha256sum)
                exec 5< mnt/models/lenet/v1/model.safetensors
                dlv archive > /dev/null
                dlv gc > /dev/null
                echo 3 > /proc/sys/vm/drop_caches 2> /dev/null || true
                cmp - $FIXTURES/base_10.safetensors <&5
                after=$(cd mnt/models/lenet && find . -type f -exec sha256sum {} + | sort -k 2 | sha256sum)
                test "$before" = "$after"
                exec 5<&-
                dlv verify --deep > /dev/null
                """#
            )
        }
    }
}
