import Testing

/// `dlv archive`: storage is planned anew, and no reader sees a difference.
@Suite(.serialized)
struct ArchiveTests {
    /// Models that nobody declared to be relatives: commits find no bases between them.
    private static let makeUnrelated = """
        dlv init zoo.dlv
        for file in $FIXTURES/base_07.safetensors $FIXTURES/base_10.safetensors \
                $FIXTURES/fine-tune-a_0[135].safetensors; do
            name=$(basename $file .safetensors)
            dlv commit --model "$name" -m "$name" $file
        done
        """

    private static let sumMounted = "find mnt/models mnt/lineage -type f -exec sha256sum {} + | sort"

    @Test
    func aMountedArchiveIsStoredAnewAndReadsTheSame() async throws {
        try await Workplace.use { place in
            try await place.check(Self.makeUnrelated)
            try await place.mount()
            try await place.check(
                """
                \(Self.sumMounted) > before
                test $(wc -l < before) -gt 50
                exec 9< mnt/models/base_10/v1/model.safetensors
                dlv archive --alpha 8 > report
                grep -q 'Coded [1-9][0-9]* contents anew' report
                cmp $FIXTURES/base_10.safetensors /dev/fd/9
                \(Self.sumMounted) > after
                cmp before after
                exec 9<&-
                fusermount3 -u mnt
                dlv gc
                dlv mount zoo.dlv mnt
                \(Self.sumMounted) > after
                cmp before after
                dlv verify --deep
                """
            )
        }
    }

    @Test
    func archivingFindsUndeclaredRelativesAndShrinks() async throws {
        try await Workplace.use { place in
            try await place.check(Self.makeUnrelated)
            try await place.check(
                #"""
                size() { cat zoo.dlv/packs/* | wc -c; }
                before=$(size)
                dlv archive --dry-run --algorithm mst --json > plan.json
                test $(size) = $before
                dlv archive --algorithm mst
                test $(size) -lt $((before * 93 / 100))
                python - <<'PYTHON'
                import glob, json, os
                plan = json.load(open("plan.json"))
                plans = {row["plan"]: row for row in plan["plans"]}
                bounded = [row for name, row in plans.items() if name not in ("now", "mst")]
                assert all(row["keeps_bounds"] for row in bounded), plans
                best = min(plans[name]["stored_bytes"] for name in ("pas-mt", "pas-pt", "last"))
                assert plans["pas-lr"]["stored_bytes"] <= best * 1.001, plans
                assert plans["mst"]["stored_bytes"] <= plans["pas-lr"]["stored_bytes"] * 1.001
                # What was predicted is about what came.
                stored = sum(os.path.getsize(path) for path in glob.glob("zoo.dlv/packs/*"))
                assert abs(stored / plans["mst"]["stored_bytes"] - 1) < 0.05, (stored, plans["mst"])
                PYTHON
                dlv archive --algorithm mst | grep -q 'Nothing to do: everything is stored as planned'
                dlv verify --deep
                """#
            )
        }
    }

    @Test
    func aKilledArchiveRunIsConsistentAndContinues() async throws {
        try await Workplace.use { place in
            try await place.check(Self.makeUnrelated)
            try await place.check(
                """
                for delay in 0.05 0.2 0.4 0.6 0.8 1.0 1.2 1.5; do
                    dlv archive --alpha 8 > /dev/null 2>&1 &
                    sleep $delay
                    kill -9 $! 2>/dev/null || true
                    wait $! 2>/dev/null || true
                    dlv verify --deep > /dev/null
                done
                dlv archive --alpha 8
                dlv verify --deep
                dlv gc
                dlv verify --deep
                """
            )
        }
    }

    @Test
    func budgetsAreKeptOrTheSmallestIsNamed() async throws {
        try await Workplace.use { place in
            try await place.check(Self.makeUnrelated)
            try await place.check(
                #"""
                dlv archive --dry-run --budget 300kB --retrieval reusable --json > plan.json
                python - <<'PYTHON'
                import json
                plan = json.load(open("plan.json"))
                assert plan["recreation_unit"] == "bytes"
                assert plan["recreation"] and max(plan["recreation"]) <= 300_000, plan
                PYTHON
                """#
            )
            for (arguments, words) in [
                ("--budget 100kB", "the smallest that works is"),
                ("--budget 0.001ms", "the smallest that works is"),
                ("--budget soon", "is no budget"),
                ("--alpha 0.9", "the smallest alpha that works is 1"),
                ("--algorithm simplex", "there are mst, spt, last, pas-mt, pas-pt, pas-lr"),
                ("--retrieval lazy", "independent, parallel, reusable"),
            ] {
                let message = try await place.fail("dlv archive \(arguments)")
                #expect(message.contains(words), "\(arguments): \(message)")
            }
            let both = try await place.fail("dlv archive --alpha 2 --budget 1s")
            #expect(both.contains("either --alpha or --budget"))
        }
    }

    @Test
    func anEmptyArchiveHasNothingToPlan() async throws {
        try await Workplace.use { place in
            try await place.check(
                """
                dlv init zoo.dlv
                dlv archive | grep -q 'Nothing to do: everything is stored as planned'
                """
            )
        }
    }
}
