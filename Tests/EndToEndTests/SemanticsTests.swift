import Testing

/// The promises of the page "What a mount promises", and checks like those of pjdfstest.
@Suite(.serialized)
struct SemanticsTests {
    /// Each check is a line of the script: a description, an operation, and the errno or value that it
    /// must give. The number of checks that pass must not fall.
    private static let checkCountMin = 82

    @Test
    func errorsAreThoseOfPOSIX() async throws {
        try await Workplace.useMountedZoo { place in
            let output = try await place.check(
                #"""
                cat > checks.py <<'PYTHON'
                import errno, os, stat
                names = {value: key for key, value in vars(errno).items() if key.startswith("E")}
                passed, failed = 0, []
                def check(what, expected, call):
                    global passed
                    try:
                        result = call()
                    except OSError as error:
                        result = names[error.errno]
                    if expected is any or result == expected:
                        passed += 1
                    else:
                        failed.append(f"{what}: {result!r}, not {expected!r}")
                version, query = "mnt/models/lenet/v1", "mnt/query"
                file, link, none = f"{version}/model.safetensors", "mnt/models/lenet/latest", f"{version}/none"
                size = os.path.getsize(os.environ["FIXTURES"] + "/base_10.safetensors")

                # Names
                for path in (none, "mnt/none", "mnt/models/none", "mnt/models/lenet/v99", "mnt/lineage/none",
                             f"{version}/layers/none", "mnt/models/LENET", "mnt/models/lenet/v01"):
                    check(f"stat {path}", "ENOENT", lambda: os.stat(path))
                check("a file as a directory", "ENOTDIR", lambda: os.stat(f"{file}/x"))
                check("a name of 256 bytes", "ENAMETOOLONG", lambda: os.stat("mnt/" + "x" * 256))
                check("a path of 5,000 bytes", "ENAMETOOLONG", lambda: os.stat("mnt/" + "x/" * 2500))
                check("read a link as a file's", "EINVAL", lambda: os.readlink(file))
                check("read the link of a folder", "EINVAL", lambda: os.readlink(version))
                check("list a file", "ENOTDIR", lambda: os.listdir(file))
                check("open a folder to write", "EISDIR", lambda: os.open(version, os.O_WRONLY))
                check("open a file as a folder", "ENOTDIR", lambda: os.open(file, os.O_RDONLY | os.O_DIRECTORY))
                check("open a link itself", "ELOOP", lambda: os.open(link, os.O_RDONLY | os.O_NOFOLLOW))

                # What never changes
                for what, call in {
                    "open to write": lambda: os.open(file, os.O_WRONLY),
                    "open to read and write": lambda: os.open(file, os.O_RDWR),
                    "open to truncate": lambda: os.open(file, os.O_RDONLY | os.O_TRUNC),
                    "open to append": lambda: os.open(file, os.O_WRONLY | os.O_APPEND),
                    "create": lambda: os.open(none, os.O_CREAT | os.O_WRONLY, 0o644),
                    "truncate": lambda: os.truncate(file, 0),
                    "unlink": lambda: os.unlink(file),
                    "unlink a link": lambda: os.unlink(link),
                    "rename": lambda: os.rename(file, none),
                    "rename away": lambda: os.rename(file, f"{query}/x.dql"),
                    "mkdir": lambda: os.mkdir(none),
                    "mkdir in models": lambda: os.mkdir("mnt/models/new"),
                    "mkdir in the root": lambda: os.mkdir("mnt/new"),
                    "rmdir": lambda: os.rmdir(f"{version}/layers"),
                    "symlink": lambda: os.symlink("x", none),
                    "link": lambda: os.link(file, none),
                    "mkfifo": lambda: os.mkfifo(none),
                    "chmod": lambda: os.chmod(file, 0o600),
                    "chown": lambda: os.chown(file, 1, 1),
                    "utime": lambda: os.utime(file),
                }.items():
                    check(what, "EROFS", call)
                check("create what is there", "EEXIST", lambda: os.open(file, os.O_CREAT | os.O_EXCL | os.O_WRONLY))
                check("mkdir what is there", "EEXIST", lambda: os.mkdir(version))

                # Attributes
                status = os.stat(file)
                check("size", size, lambda: status.st_size)
                check("blocks", (size + 511) // 512, lambda: status.st_blocks)
                check("mode", 0o100444, lambda: status.st_mode)
                check("owner", (os.getuid(), os.getgid()), lambda: (status.st_uid, status.st_gid))
                check("links", 1, lambda: status.st_nlink)
                check("times are one", True, lambda: status.st_mtime_ns == status.st_ctime_ns == status.st_atime_ns)
                check("times are those of the commit", True, lambda: 0 <= os.stat("zoo.dlv").st_mtime - status.st_mtime < 600)
                check("mode of a folder", 0o40555, lambda: os.stat(version).st_mode)
                check("mode of a link", 0o120777, lambda: os.lstat(link).st_mode)
                check("size of a link", 2, lambda: os.lstat(link).st_size)
                check("mode of query/", 0o40755, lambda: os.stat(query).st_mode)
                check("one device", 1, lambda: len({os.lstat(os.path.join(at, name)).st_dev
                      for at, _, files in os.walk("mnt") for name in files}))
                check("inodes differ", True, lambda: os.stat(file).st_ino != os.stat(f"{version}/lineage.json").st_ino)
                check("inodes stay", status.st_ino, lambda: os.stat(file).st_ino)
                check("room", True, lambda: os.statvfs("mnt").f_blocks > os.statvfs("mnt").f_bfree > 0)
                check("longest name", 255, lambda: os.statvfs("mnt").f_namemax)
                check("no attributes", "ENOTSUP", lambda: os.getxattr(file, "user.x"))

                # Reading
                open_file = os.open(file, os.O_RDONLY)
                check("at the end", b"", lambda: os.pread(open_file, 10, size))
                check("beyond the end", b"", lambda: os.pread(open_file, 10, size + 10**12))
                check("over the end", 5, lambda: len(os.pread(open_file, 10, size - 5)))
                check("nothing", b"", lambda: os.pread(open_file, 0, 0))
                check("seek to the end", size, lambda: os.lseek(open_file, 0, os.SEEK_END))
                check("before the beginning", "EINVAL", lambda: os.lseek(open_file, -1, os.SEEK_SET))
                check("write to it", "EBADF", lambda: os.write(open_file, b"x"))
                check("sync it", None, lambda: os.fsync(open_file))

                # Where queries are written
                path = f"{query}/a.dql"
                check("create", None, lambda: open(path, "w").write("select m\n") and None)
                check("create anew", "EEXIST", lambda: os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY))
                check("size", 9, lambda: os.stat(path).st_size)
                check("truncate", 3, lambda: (os.truncate(path, 3), os.stat(path).st_size)[1])
                check("extend", b"sel\0\0", lambda: (os.truncate(path, 5), open(path, "rb").read())[1])
                check("time", 1000, lambda: (os.utime(path, (1000, 1000)), os.stat(path).st_mtime)[1])
                check("chmod is taken", None, lambda: os.chmod(path, 0o600))
                check("rename", "ENOENT", lambda: (os.rename(path, f"{query}/b.dql"), os.stat(path)))
                check("rename over", None, lambda: (open(path, "w").write("select m"), os.rename(path, f"{query}/b.dql")) and None)
                check("rename what is not there", "ENOENT", lambda: os.rename(path, f"{query}/c.dql"))
                check("rename out", "EROFS", lambda: os.rename(f"{query}/b.dql", none))
                check("mkdir", "EPERM", lambda: os.mkdir(f"{query}/folder"))
                check("symlink", "EPERM", lambda: os.symlink("x", f"{query}/link"))
                check("rmdir an answer", any, lambda: os.rmdir(f"{query}/b"))
                check("unlink", None, lambda: os.unlink(f"{query}/b.dql"))
                check("unlink again", "ENOENT", lambda: os.unlink(f"{query}/b.dql"))
                check("its answer is gone", "ENOENT", lambda: os.stat(f"{query}/b"))
                check("no such query name", "EINVAL", lambda: os.open(f"{query}/a b.dql", os.O_CREAT | os.O_WRONLY))
                print("passed", passed)
                assert not failed, "\n".join(failed)
                PYTHON
                python checks.py
                """#
            )
            let passed = output.split(separator: " ").last.flatMap {
                Int($0.trimmingCharacters(in: .whitespacesAndNewlines))
            }
            #expect((passed ?? 0) >= Self.checkCountMin, "\(output)")
        }
    }

    @Test
    func anyMixOfReadsGivesTheCommittedBytes() async throws {
        try await Workplace.use { place in
            try await place.check(
                #"""
                python - <<'PYTHON'
                import numpy
                from safetensors.numpy import save_file
                rng = numpy.random.default_rng(5)
                save_file(
                    {
                        "a": rng.standard_normal(700_001).astype("f4"),
                        "b": rng.standard_normal((333, 777)).astype("f2"),
                        "c": rng.integers(-9, 9, 100_003),
                        **{f"s{i}": rng.standard_normal(i + 1).astype("f4") for i in range(300)},
                    },
                    "w.safetensors",
                )
                PYTHON
                dlv init zoo.dlv
                dlv commit --model m w.safetensors
                """#
            )
            // A cache that holds less than the file, so that chunks come and go.
            try await place.mount("--cache-size 1")
            try await place.check(
                #"""
                cat > mix.py <<'PYTHON'
                import mmap, os, random, threading
                expected = open("w.safetensors", "rb").read()
                path, size = "mnt/models/m/v1/model.safetensors", len(expected)
                failures = []
                def reader(seed):
                    chance = random.Random(seed)
                    file = os.open(path, os.O_RDONLY)
                    view = mmap.mmap(file, 0, prot=mmap.PROT_READ)
                    place = 0
                    for _ in range(150):
                        kind = chance.randrange(7)
                        if kind == 0:
                            os.posix_fadvise(file, 0, 0, os.POSIX_FADV_DONTNEED)
                        elif kind == 1:
                            advice = [os.POSIX_FADV_RANDOM, os.POSIX_FADV_SEQUENTIAL, os.POSIX_FADV_NORMAL]
                            os.posix_fadvise(file, 0, 0, chance.choice(advice))
                        start = place if kind in (2, 3) else chance.randrange(size)
                        count = min(chance.choice([1, 100, 4096, 70_000, 1 << 20]), size - start)
                        got = view[start:start + count] if kind == 6 else os.pread(file, count, start)
                        if got != expected[start:start + len(got)] or (kind != 6 and len(got) != count):
                            failures.append((seed, kind, start, count))
                        place = (start + count) % size
                threads = [threading.Thread(target=reader, args=(seed,)) for seed in range(6)]
                for thread in threads: thread.start()
                for thread in threads: thread.join()
                assert not failures, failures[:3]
                PYTHON
                python mix.py
                """#
            )
        }
    }

    @Test(.needsRoot, .needs("setpriv"))
    func otherUsersSeeAMountOnlyIfTheyMay() async throws {
        try await Workplace.use { place in
            try await place.makeZoo()
            try await place.check(
                """
                chmod 755 .
                other() { setpriv --reuid 65534 --regid 65534 --clear-groups "$@"; }
                mkdir mnt
                dlv mount zoo.dlv mnt
                ! other ls mnt 2> error
                grep -q 'Permission denied' error
                dlv unmount mnt
                dlv mount --allow-other zoo.dlv mnt
                other cat mnt/models/lenet/v1/metadata.json > /dev/null
                ! other touch mnt/query/x.dql 2> error
                grep -q 'Permission denied' error
                """
            )
        }
    }
}
