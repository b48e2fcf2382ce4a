import Testing

/// The `query/` directory under the tools that people write files with.
@Suite(.serialized)
struct QueryTests {
    @Test
    func aWrittenQueryAnswersAsADirectory() async throws {
        try await Workplace.useMountedZoo { place in
            try await place.check(
                #"""
                echo 'select m where m["accuracy"] > 0.9 order by m["accuracy"] desc' > mnt/query/best.dql
                test "$(ls mnt/query/best | head -1)" = 01-lenet@v2
                cmp mnt/query/best/01-lenet@v2/model.safetensors $FIXTURES/fine-tune-a_05.safetensors
                head -1 mnt/query/best/results.tsv | grep -q 'version'
                test $(wc -l < mnt/query/best/results.tsv) = 3
                test $(stat -c %s mnt/query/best/results.tsv) = $(wc -c < mnt/query/best/results.tsv)
                python -c '
                import json
                rows = json.load(open("mnt/query/best/results.json"))
                assert [row["version"] for row in rows] == ["v2", "v1"], rows
                assert rows[1]["name"] == "lenet"'
                test ! -e mnt/query/best/error
                test -s mnt/query/README.txt
                """#
            )
        }
    }

    @Test(arguments: [
        "cat text > mnt/query/q.dql",
        "dash -c 'echo \"select m limit 1\" > mnt/query/q.dql'",
        "zsh -c 'echo \"select m limit 1\" >| mnt/query/q.dql'",
        "bash -c 'exec 3> mnt/query/q.dql; echo \"select m limit 1\" >&3; exec 3>&-'",
        "cp text temporary && cp -p --remove-destination temporary mnt/query/q.dql",
        "dd if=text of=mnt/query/q.dql bs=3 conv=fsync status=none",
        "tee mnt/query/q.dql < text > /dev/null",
        "cp text mnt/query/q.dql",
        "cp text temporary && mv temporary mnt/query/q.dql",
        "install -m 644 text mnt/query/q.dql",
        "dd if=text of=mnt/query/q.dql status=none",
        "rsync text mnt/query/q.dql",
        "rsync --inplace text mnt/query/q.dql",
        "sh -c \"printf 'select m ' > mnt/query/q.dql; echo 'limit 1' >> mnt/query/q.dql\"",
        "echo 'select m limit 7' > mnt/query/q.dql; sed -i s/7/1/ mnt/query/q.dql",
        "echo 'select m limit 7' > mnt/query/q.dql; perl -pi -e s/7/1/ mnt/query/q.dql",
        "python -c 'open(\"mnt/query/q.dql\", \"w\").write(open(\"text\").read())'",
        """
        python -c 'import os; open("mnt/query/.new", "w").write(open("text").read())
        os.replace("mnt/query/.new", "mnt/query/q.dql")'
        """,
        """
        vim -u NONE -es -c 'normal iselect m limit 1' -c wq mnt/query/q.dql < /dev/null
        """,
        """
        echo 'select m limit 7' > mnt/query/q.dql
        vim -u NONE -es -c '%s/7/1/' -c 'wq' mnt/query/q.dql < /dev/null
        """,
    ])
    func everyToolCanWriteAQuery(_ command: String) async throws {
        try await Workplace.useMountedZoo { place in
            try await place.check(
                """
                echo 'select m limit 1' > text
                \(command)
                cmp text mnt/query/q.dql
                cmp text zoo.dlv/queries/q.dql
                test "$(ls mnt/query/q)" = "$(printf 'lenet@v1\\nresults.json\\nresults.tsv')"
                """
            )
        }
    }

    @Test
    func nanoCanWriteAQuery() async throws {
        try await Workplace.useMountedZoo { place in
            // Keys are pressed one after the other: the text, write out, confirm the name, exit.
            try await place.check(
                #"""
                keys() { sleep 2; printf 'select m limit 1'; for key in '\017' '\r' '\030'; do sleep 0.5; printf "$key"; done; }
                keys | TERM=xterm timeout 60 script -qec 'nano mnt/query/q.dql' /dev/null > screen
                test "$(cat mnt/query/q.dql)" = 'select m limit 1' || { cat screen; false; }
                test "$(ls mnt/query/q | head -1)" = lenet@v1
                """#
            )
        }
    }

    @Test
    func gitKeepsACopyOfTheQueries() async throws {
        try await Workplace.useMountedZoo { place in
            try await place.check(
                """
                export GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a@b GIT_COMMITTER_NAME=a GIT_COMMITTER_EMAIL=a@b
                echo 'select m limit 1' > mnt/query/one.dql
                echo 'select m order by m["accuracy"]' > mnt/query/best.dql
                cp -r mnt/query copied
                cd copied
                git init -q .
                git add -A
                git commit -qm 'queries and their answers'
                git ls-files | grep -q one.dql
                git ls-files | grep -q best/results.tsv
                git status --porcelain | wc -l | grep -qx 0
                cd ..
                rsync -r --links mnt/query/ synced
                cmp synced/best/results.tsv mnt/query/best/results.tsv
                # A repository cannot be made in the mount itself; it says so and nothing hangs.
                ! git init -q mnt/query 2> refused
                test -s refused
                """
            )
        }
    }

    @Test
    func aBrokenQueryIsKeptAndSaysWhere() async throws {
        try await Workplace.useMountedZoo { place in
            try await place.check(
                """
                echo 'select m' > mnt/query/q.dql
                test -s mnt/query/q/results.tsv
                """
            )
            let result = try await place.run("echo 'select m wher m.name = 1' | cat > mnt/query/q.dql")
            #expect(result.status != 0)
            try await place.check(
                """
                grep -q 'wher' mnt/query/q.dql
                test ! -e mnt/query/q/results.tsv
                grep -q 'q.dql:1:10' mnt/query/q/error
                grep -q '\\^' mnt/query/q/error
                ls mnt/query/q
                echo 'select m' > mnt/query/q.dql
                test -s mnt/query/q/results.tsv
                test ! -e mnt/query/q/error
                """
            )
        }
    }

    @Test
    func selectorsLookAtTheLayersOfEveryVersion() async throws {
        try await Workplace.use { place in
            try await place.makeZoo()
            try await place.check(
                """
                test "$(dlv query 'select count where count(m["conv*"]) = 2')" = "$(printf 'count\\n2')"
                test "$(dlv query 'select count where m["conv9"] has CONV')" = "$(printf 'count\\n0')"
                """
            )
            let result = try await place.run("dlv query 'select m where m[\"conv*\"] has POLL(\"MAX\")'")
            #expect(result.status != 0)
            #expect(result.errors.contains("did you mean 'POOL'"), "\(result.errors)")
        }
    }

    @Test
    func weightsAreFacts() async throws {
        try await Workplace.use { place in
            try await place.makeZoo()
            try await place.check(
                """
                python -c '
                import numpy, safetensors.numpy as st
                w = st.load_file("$FIXTURES/base_10.safetensors".replace("$FIXTURES", __import__("os").environ["FIXTURES"]))
                w["conv2.weight"] = w["conv2.weight"] + numpy.float32(1)
                w["head.bias"][0] = numpy.nan
                st.save_file(w, "changed.safetensors")
                numpy.save("norm", numpy.linalg.norm(w["conv2.weight"].astype("f8")))'
                dlv commit --model broken --parent lenet@v1 changed.safetensors
                test "$(dlv query 'select m.name where not m.finite')" = "$(printf 'm.name\\nbroken')"
                dlv query 'select m["conv2.weight"].norm as n, m["conv*"].nans as a, m["head"].nans as b where m.name = "broken"' > facts
                python -c '
                import numpy
                n, a, b = open("facts").read().splitlines()[1].split("\t")
                assert abs(float(n) - numpy.load("norm.npy")) < 1e-6 * float(n), n
                assert (a, b) == ("0,0", "1"), (a, b)'
                # Did the frozen layers stay frozen?
                dlv query 'select m1 from versions m1, versions m2 where m1.parent = m2 and m1.name = "broken"
                    and m1["conv1"] = m2["conv1"] and m1["conv2"] != m2["conv2"]' | grep -q broken
                test $(dlv query 'select count where max(m["*"].norm) > 1000000' | tail -1) = 0
                test $(dlv query 'select count where m.parameters > 1000 and "F32" in m.dtypes' | tail -1) = 3
                head -1 facts | grep -q n
                """
            )
        }
    }

    @Test
    func madeNetworksAreDirectoriesThatReadLikeVersions() async throws {
        try await Workplace.use { place in
            try await place.makeZoo()
            try await place.check(
                #"""
                cat > network.json <<'END'
                {"format": "dlv-network", "version": 1, "name": "lenet", "layers": [
                  {"name": "data", "operator": "INPUT", "shape": [1, 1, 28, 28]},
                  {"name": "conv1", "operator": "CONV", "inputs": ["data"], "attributes": {"channels": 6, "kernel": 5, "padding": 2},
                   "parameters": [{"role": "weight", "tensor": "conv1.weight"}, {"role": "bias", "tensor": "conv1.bias"}]},
                  {"name": "pool1", "operator": "POOL", "inputs": ["conv1"], "attributes": {"mode": "AVG", "kernel": 2, "stride": 2}},
                  {"name": "conv2", "operator": "CONV", "inputs": ["pool1"], "attributes": {"channels": 16, "kernel": 5},
                   "parameters": [{"role": "weight", "tensor": "conv2.weight"}, {"role": "bias", "tensor": "conv2.bias"}]},
                  {"name": "pool2", "operator": "POOL", "inputs": ["conv2"], "attributes": {"mode": "AVG", "kernel": 2, "stride": 2}}]}
                END
                python -c '
                import os, safetensors.numpy as st
                w = st.load_file(os.environ["FIXTURES"] + "/base_10.safetensors")
                st.save_file({k: v for k, v in w.items() if k.startswith("conv")}, "trunk.safetensors")'
                dlv commit --model trunk network.json trunk.safetensors
                dlv mount zoo.dlv mnt 2>/dev/null || (mkdir mnt && dlv mount zoo.dlv mnt)
                echo 'slice s from m where m.name = "trunk" mutate s.input = m["conv2"] and s.output = m["pool2"]' > mnt/query/tail.dql
                ls mnt/query/tail
                cut=mnt/query/tail/trunk@v1~tail
                test "$(ls $cut)" = "$(printf 'layers\nmetadata.json\nmodel.safetensors\nnetwork.dot\nnetwork.json')"
                python -c '
                import json, numpy, os, sys, safetensors.numpy as st
                whole = st.load_file("trunk.safetensors")
                cut = st.load_file(sys.argv[1] + "/model.safetensors")
                assert sorted(cut) == ["conv2.bias", "conv2.weight"], sorted(cut)
                assert (cut["conv2.weight"] == whole["conv2.weight"]).all()
                assert (numpy.load(sys.argv[1] + "/layers/conv2/weight.npy") == whole["conv2.weight"]).all()
                names = [layer["name"] for layer in json.load(open(sys.argv[1] + "/network.json"))["layers"]]
                assert "conv2" in names and "conv1" not in names, names
                metadata = json.load(open(sys.argv[1] + "/metadata.json"))
                assert metadata["source"]["version"] == "trunk@v1" and metadata["query_name"] == "tail"' $cut
                echo 'construct n from m where m["conv*($1)"].next has POOL("AVG") mutate m["conv*($1)"].insert = BATCHNORM("bn$1")' > mnt/query/norm.dql
                test ! -e mnt/query/norm/dropped.tsv
                echo 'construct n from m mutate m["conv1"].insert = RELU' > mnt/query/any.dql
                test -d mnt/query/any/trunk@v1~any
                grep -q 'lenet@v1.*names of its layers' mnt/query/any/dropped.tsv
                new=mnt/query/norm/trunk@v1~norm
                python -c '
                import json, sys, safetensors.numpy as st
                whole, new = (st.load_file(path + "/model.safetensors") for path in ("mnt/models/trunk/v1", sys.argv[1]))
                assert whole.keys() == new.keys() and all((whole[key] == new[key]).all() for key in whole)
                layers = {layer["name"]: layer for layer in json.load(open(sys.argv[1] + "/network.json"))["layers"]}
                assert layers["bn1"]["initialiser"]["name"] and layers["bn1"]["initialiser"]["seed"] >= 0, layers["bn1"]
                assert layers["pool1"]["inputs"] == ["bn1"], layers["pool1"]' $new
                # What was copied out and committed knows where it comes from, and so does a copy.
                cp -r $new made
                dlv commit --model made -m 'with normalisation' made
                grep -q 'trunk@v1' mnt/models/made/v1/lineage.json
                dlv copy trunk@v1~tail tails
                dlv query 'select m where m.parent = "trunk@v1"' | cut -f1 | tail -n +2 | sort | tr '\n' ' ' | grep -q 'made tails'
                cmp mnt/models/tails/v1/model.safetensors $cut/model.safetensors
                grep -q slice mnt/models/tails/v1/files/metadata.json
                """#
            )
        }
    }

    @Test
    func queriesSurviveTheMountAndAreTheCommandLinesToo() async throws {
        try await Workplace.useMountedZoo { place in
            try await place.check(
                """
                echo 'select m where m.config.lr < 0.01' > mnt/query/small.dql
                cat mnt/query/small/results.tsv > before
                dlv unmount mnt
                dlv query small > answer
                grep -q v2 answer
                dlv mount zoo.dlv mnt
                cmp before mnt/query/small/results.tsv
                rm mnt/query/small.dql
                test ! -e mnt/query/small
                test ! -e zoo.dlv/queries/small.dql
                """
            )
            #expect(try await place.fail("dlv query small").contains("small"))
        }
    }

    @Test
    func anAnswerIsFreshAfterACommitAndFixedWhileItIsOpen() async throws {
        try await Workplace.useMountedZoo { place in
            try await place.check(
                """
                echo 'select m' > mnt/query/all.dql
                exec 3< mnt/query/all/results.tsv
                dlv commit --model lenet -m third $FIXTURES/base_01.safetensors
                sleep 1.1
                grep -q v3 mnt/query/all/results.tsv
                test -e mnt/query/all/lenet@v3/metadata.json
                ! grep -q v3 <&3
                """
            )
        }
    }

    @Test
    func queriesNestByName() async throws {
        try await Workplace.useMountedZoo { place in
            try await place.check(
                """
                echo 'select m where m.config.lr > 0.01' > mnt/query/inner.dql
                echo 'select m from "inner" limit 5' > mnt/query/outer.dql
                test "$(ls mnt/query/outer | head -1)" = lenet@v1
                echo 'select m where m.config.lr < 0.01' > mnt/query/inner.dql
                sleep 1.1
                test "$(ls mnt/query/outer | head -1)" = lenet@v2
                echo 'select m from "loop"' > mnt/query/loop.dql || true
                grep -q loop mnt/query/loop/error
                """
            )
        }
    }

    @Test
    func scratchFilesOfEditorsAreKeptApart() async throws {
        try await Workplace.useMountedZoo { place in
            try await place.check(
                """
                echo draft > mnt/query/.q.dql.swp
                grep -q draft mnt/query/.q.dql.swp
                test ! -e zoo.dlv/queries/.q.dql.swp
                rm mnt/query/.q.dql.swp
                ! touch 'mnt/query/bad name.dql' 2>/dev/null
                ! rm -rf mnt/query/README.txt 2>/dev/null
                """
            )
        }
    }
}
