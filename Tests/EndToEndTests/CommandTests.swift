import Testing

/// The commands that need no mount, as a user types them.
@Suite(.serialized)
struct CommandTests {
    @Test
    func everyCommandExplainsItselfWithAnExample() async throws {
        try await Workplace.use { place in
            for command in [
                "init", "add", "commit", "list", "desc", "tag", "export", "remove", "mount",
                "unmount", "status", "query", "verify", "gc", "archive", "copy", "identify", "offload",
            ] {
                let help = try await place.check("dlv \(command) --help")
                #expect(help.contains("dlv \(command)"), "\(command): \(help)")
                #expect(help.contains("Example"), "\(command): \(help)")
            }
        }
    }

    @Test
    func noCommandLeavesTheLogOfTheCatalog() async throws {
        try await Workplace.use { place in
            try await place.check(
                #"""
                python - <<'PYTHON'
                import numpy as np
                from safetensors.numpy import save_file
                save_file({"w": np.random.default_rng(1).standard_normal((2048, 2048), "f4")}, "w.safetensors")
                PYTHON
                dlv init zoo.dlv
                dlv commit --model m w.safetensors
                for round in 1 2 3 4 5 6; do
                    dlv verify --deep > /dev/null
                    dlv export m back$round > /dev/null
                    ! dlv export m back$round > /dev/null 2>&1
                    test "$(ls zoo.dlv)" = "$(printf 'catalog.sqlite\nlock\npacks\nqueries')"
                done
                """#
            )
        }
    }

    @Test
    func aCommittedDirectoryComesBackByteForByte() async throws {
        try await Workplace.use { place in
            try await place.check(
                """
                mkdir -p run/checkpoint-100 run/checkpoint-200 run/code
                cp $FIXTURES/base_01.safetensors run/checkpoint-100/model.safetensors
                cp $FIXTURES/base_04.safetensors run/checkpoint-200/model.safetensors
                echo '{}' > run/config.json
                : > run/empty
                printf '#!/bin/sh\\n' > run/code/train.sh
                chmod +x run/code/train.sh
                ln -s code/train.sh run/start
                touch -d '2024-03-01 12:00:00.123456789 UTC' run/config.json
                head -c 300000 /dev/urandom > run/blob.bin
                dlv init zoo.dlv
                dlv commit --model my/run -m 'a run' run
                dlv export my/run back
                diff -r run back
                test -x back/code/train.sh
                test "$(readlink back/start)" = code/train.sh
                test "$(stat -c %y back/config.json)" = "$(stat -c %y run/config.json)"
                dlv verify --deep
                """
            )
            let desc = try await place.check("dlv desc my/run --json")
            #expect(desc.contains("\"100\"") && desc.contains("\"200\""))
            try await place.check(
                "dlv export my/run@v1:100 only && test -f only/checkpoint-100/model.safetensors"
            )
            #expect(try await place.run("test -e only/config.json").status != 0)
        }
    }

    @Test
    func versionsAreNamedByNumberTagAndSnapshot() async throws {
        try await Workplace.use { place in
            try await place.makeZoo()
            try await place.check(
                """
                dlv tag lenet@v2 best
                dlv desc lenet@best | grep -q 'lenet@v2'
                dlv desc lenet@base:7 | grep -q 'TENSOR of 7'
                dlv list lenet --lineage | grep 'lenet@v2' | grep -q 'lenet@v1'
                dlv tag lenet | grep -q "^best"
                dlv tag --delete lenet best
                """
            )
            #expect(try await place.fail("dlv desc lenet@best").contains("no version"))
            #expect(try await place.fail("dlv desc lenet@v9").contains("no version"))
            #expect(try await place.fail("dlv desc lenot").contains("no model"))
            #expect(try await place.fail("dlv desc lenet@v1:5").contains("no snapshot"))
        }
    }

    @Test
    func jsonOutputIsJSON() async throws {
        try await Workplace.use { place in
            try await place.makeZoo()
            try await place.check(
                """
                for words in 'list' 'desc lenet' 'desc lenet --storage' 'verify' 'gc' 'status'; do
                    dlv $words --json | python -c 'import json, sys; json.load(sys.stdin)'
                done
                dlv commit --model other $FIXTURES/base_01.safetensors --json |
                    python -c 'import json, sys; assert json.load(sys.stdin)["version"] == "other@v1"'
                """
            )
        }
    }

    @Test
    func aSecondCopyOfTheSameWeightsTakesAlmostNoSpace() async throws {
        try await Workplace.use { place in
            try await place.check(
                """
                dlv init zoo.dlv
                dlv commit --model a $FIXTURES/base_01.safetensors
                before=$(du -sb zoo.dlv/packs | cut -f1)
                dlv commit --model b $FIXTURES/base_01.safetensors
                after=$(du -sb zoo.dlv/packs | cut -f1)
                test $((after - before)) -lt 2000
                """
            )
        }
    }

    @Test
    func removedVersionsGoAndTheirSpaceWithThem() async throws {
        try await Workplace.use { place in
            try await place.check(
                """
                dlv init zoo.dlv
                head -c 500000 /dev/urandom > a.bin
                dlv commit --model a a.bin
                dlv commit --model b $FIXTURES/base_01.safetensors
                dlv remove a@v1
                dlv gc
                test $(du -sb zoo.dlv/packs | cut -f1) -lt 300000
                dlv verify --deep
                head -c 1000 /dev/urandom > a.bin
                dlv commit --model a a.bin | grep -q 'a@v2'
                """
            )
            #expect(try await place.fail("dlv desc a@v1").contains("removed"))
            #expect(try await place.fail("dlv remove b").contains("which version"))
        }
    }

    @Test
    func theParentOfADeltaMayGoAndTheChildStaysWhole() async throws {
        try await Workplace.use { place in
            try await place.makeZoo()
            try await place.check(
                """
                dlv remove lenet@v1
                dlv gc
                dlv verify --deep
                dlv export lenet@v2 back
                for step in 01 03 05; do
                    cmp back/fine-tune-a_$step.safetensors $FIXTURES/fine-tune-a_$step.safetensors
                done
                """
            )
        }
    }

    @Test
    func addRemembersPathsForTheNextCommit() async throws {
        try await Workplace.use { place in
            try await place.check(
                """
                dlv init
                unset DLV_ARCHIVE
                mkdir -p deep/er
                cp $FIXTURES/base_01.safetensors deep/w.safetensors
                cd deep/er
                dlv add ../w.safetensors
                dlv commit --model m -m staged | grep -q 'm@v1'
                dlv add | grep -q Nothing
                dlv list | grep -q staged
                """
            )
        }
    }

    @Test
    func aQueryRunsOnTheCommandLine() async throws {
        try await Workplace.use { place in
            try await place.makeZoo()
            let table = try await place.check(
                "dlv query 'select m where m[\"accuracy\"] > 0.9905 order by m[\"accuracy\"] desc'"
            )
            #expect(table.contains("lenet@v2") || table.contains("lenet\tv2"), "\(table)")
            #expect(!table.contains("LeNet-5 on MNIST"))
            try await place.check(
                """
                echo 'select m where m.config.lr < 0.01' > zoo.dlv/queries/small.dql
                dlv query small > by-name
                dlv query 'select m where m.config.lr < 0.01' > by-text
                cmp by-name by-text
                dlv query --json small | python -c '
                import json, sys
                rows = json.load(sys.stdin)
                assert len(rows) == 1 and rows[0]["version"] == "v2", rows'
                """
            )
            let broken = try await place.run("dlv query 'select m where m.nam = 1'")
            #expect(broken.status != 0)
            #expect(broken.errors.contains("^") && broken.errors.contains("did you mean"))
        }
    }
}
