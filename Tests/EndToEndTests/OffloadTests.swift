import Testing

/// `dlv offload`: low-order planes in another place, which may be out of reach.
@Suite(.serialized)
struct OffloadTests {
    @Test
    func movedPlanesAreReadWhereTheyAreAndMissedWhenTheyAreNot() async throws {
        try await Workplace.use { place in
            try await place.check(
                #"""
                dlv init zoo.dlv
                dlv commit --model lenet $FIXTURES/base_10.safetensors
                here() { find zoo.dlv/packs -type f -printf '%s\n' | awk '{n += $1} END {print n}'; }
                before=$(here)
                dlv offload --planes low --to slow | grep -q 'Moved the low-order planes of 1 pack'
                test $(here) -lt $((before * 7 / 10))
                dlv verify --deep
                mkdir mnt
                dlv mount zoo.dlv mnt
                cmp mnt/models/lenet/v1/model.safetensors $FIXTURES/base_10.safetensors
                dlv unmount mnt
                mv slow away
                dlv mount zoo.dlv mnt
                python - <<'PYTHON'
                import errno, os
                try:
                    open("mnt/models/lenet/v1/model.safetensors", "rb")
                    raise SystemExit("it opens without its planes")
                except OSError as error:
                    assert error.errno == errno.ENOMEDIUM, error
                size = os.path.getsize(os.environ["FIXTURES"] + "/base_10.safetensors")
                assert os.stat("mnt/models/lenet/v1/model.safetensors").st_size == size
                # What needs no low-order planes is there all the same.
                assert open("mnt/models/lenet/v1/layers/index.tsv").read().startswith("file\t")
                assert "lenet" in open("mnt/models/lenet/v1/metadata.json").read()
                PYTHON
                dlv unmount mnt
                """#
            )
            let report = try await place.run("dlv verify")
            #expect(report.status == 1)
            #expect(report.output.contains("MISSING") && report.output.contains("slow"))
            #expect(!report.output.contains("DAMAGED"))
            let stuck = try await place.fail("dlv offload --back")
            #expect(stuck.contains("are not there"))
            try await place.check(
                """
                mv away slow
                dlv verify --deep
                dlv offload --back
                test -z "$(ls slow)"
                test -z "$(find zoo.dlv/packs -type l)"
                dlv verify --deep
                """
            )
        }
    }

    @Test
    func lowResolutionsOfDeltasDoWithoutTheMovedPlanes() async throws {
        try await Workplace.useMountedZoo { place in
            try await place.check(
                #"""
                cat mnt/models/lenet/v*/resolution/2/model.safetensors > before
                cat mnt/models/lenet/v*/model.safetensors > full
                dlv unmount mnt
                dlv desc --storage lenet@v2 | grep -qi delta
                dlv offload --planes low --to slow
                mv slow away
                dlv mount zoo.dlv mnt
                cat mnt/models/lenet/v*/resolution/2/model.safetensors | cmp - before
                cat mnt/models/lenet/v*/resolution/1/model.safetensors > /dev/null
                python - <<'PYTHON'
                import errno
                for name in ["mnt/models/lenet/v2/model.safetensors",
                             "mnt/models/lenet/v2/resolution/3/model.safetensors"]:
                    try:
                        open(name, "rb")
                        raise SystemExit(name + " opens without its planes")
                    except OSError as error:
                        assert error.errno == errno.ENOMEDIUM, error
                PYTHON
                mv away slow
                cat mnt/models/lenet/v*/model.safetensors | cmp - full
                dlv unmount mnt
                dlv verify --deep
                """#
            )
        }
    }

    @Test
    func collectionTakesMovedPlanesToo() async throws {
        try await Workplace.use { place in
            try await place.check(
                """
                dlv init zoo.dlv
                dlv commit --model lenet $FIXTURES/base_10.safetensors
                dlv offload --to slow
                dlv commit --model other $FIXTURES/base_01.safetensors
                dlv remove lenet@v1
                dlv gc
                test -z "$(ls slow)"
                dlv verify --deep
                """
            )
        }
    }

    @Test
    func badArgumentsAreRefused() async throws {
        try await Workplace.use { place in
            try await place.check("dlv init zoo.dlv")
            for arguments in ["", "--to x --back", "--planes high --to x", "--to zoo.dlv/packs"] {
                _ = try await place.fail("dlv offload \(arguments)")
            }
            try await place.check("printf x > file")
            _ = try await place.fail("dlv offload --to file/below")
        }
    }
}
