import Testing

/// Queries that nobody should write, on the command line and in a mount: each is a sentence, soon.
@Suite(.serialized)
struct QueryBadInputTests {
    @Test
    func whateverIsWrittenIsAnErrorThatSaysWhere() async throws {
        try await Workplace.useMountedZoo { place in
            try await place.check(
                #"""
                refused() { # refused WORD TEXT...: the query fails, and says WORD
                    word=$1; shift
                    ! timeout 60 dlv query "$@" > out 2> err || { echo "not refused: $*"; false; }
                    grep -q -- "$word" err || { cat err; false; }
                }
                refused 'query:1:8' 'select 1'
                refused "mean 'name'" 'select m where m.nmae = "x"'
                refused "mean 'accuracy'" 'select m where m["acuracy"] > 1'
                refused "mean 'lr'" 'select m where m.config.lt > 1'
                refused 'levels deep' "select m where $(printf '(%.0s' $(seq 10000)) m.version = 1"
                refused 'never\|closing\|Expected' "select m where m.name = \"$(head -c 100000 /dev/zero | tr '\0' a)"
                refused 'at most 512' "select m where m[\"$(printf 'a*%.0s' $(seq 300))b\"] has CONV"
                refused 'combinations' --combinations 1 'select a, b where a.version < b.version'
                refused -- '--combinations' --combinations 1 'select a, b where a.version < b.version'
                refused -- '--rows' --rows 1 'select m'
                refused 'no saved query' 'select m from "../../etc/passwd"' || refused 'no file' 'select m from "../../etc/passwd"'
                refused 'no saved query' 'select m from "a.b"'
                # Patterns that would take a backtracking matcher for ever.
                dlv query 'select count where m["(a|a|aa)*(a|a|aa)*(a|aa)*b"] has CONV and m.name like "%a%a%a%a%a%a%a%b"' | tail -1 | grep -qx 0
                python -c 'import random, os; random.seed(1); open("noise", "wb").write(random.randbytes(1 << 20))'
                head -c 1048577 /dev/zero > long
                ! cp noise mnt/query/noise.dql 2> err
                grep -q 'noise.dql' mnt/query/noise/error
                ! cp long mnt/query/long.dql 2> err
                echo 'select m from "b"' > mnt/query/a.dql || true
                echo 'select m from "a"' > mnt/query/b.dql || true
                echo 'select m from "c"' > mnt/query/c.dql || true
                grep -q "'b' from 'a' from 'b'\|'a' from 'b' from 'a'" mnt/query/a/error
                grep -q "'c' from 'c'" mnt/query/c/error
                echo 'select m from "x/y.dql"' > mnt/query/d.dql || true
                grep -q 'not read from files' mnt/query/d/error
                echo 'evaluate m with config = "c" vary config.lr auto' > mnt/query/e.dql
                grep -q 'does not train' mnt/query/e/error
                ls mnt/models/lenet/v1/model.safetensors
                """#
            )
        }
    }

    @Test
    func missingMeasurementsAreNeitherTrueNorFalse() async throws {
        try await Workplace.use { place in
            try await place.makeZoo()
            try await place.check(
                """
                printf 'iteration,loss,accuracy\\n1,nan,0.5\\n' > log.csv
                dlv commit --model broken --measurements log.csv $FIXTURES/base_01.safetensors
                test $(dlv query 'select count where m.name = "broken" and m["loss"] > 0' | tail -1) = 0
                test $(dlv query 'select count where m.name = "broken" and not m["loss"] > 0' | tail -1) = 0
                test $(dlv query 'select count where m.name = "broken" and m["loss"] is missing' | tail -1) = 1
                test $(dlv query 'select count where m.name = "broken" and m["loss"] is null' | tail -1) = 1
                dlv query --json 'select m.name, m["loss"] as loss where m.name = "broken"' | grep -q '"loss": null'
                dlv query 'select m.name order by m["loss"] desc' | tail -1 | grep -qx broken
                dlv query 'select m.name order by m["loss"]' | tail -1 | grep -qx broken
                """
            )
        }
    }
}
