"""The file systems that are measured: a mounted archive, the ceiling of what FUSE allows, and squashfuse."""
import contextlib, json, os, shutil, subprocess, tempfile, time

HERE = os.path.dirname(os.path.abspath(__file__))


def run(*words, **more):
    return subprocess.run(words, check=True, capture_output=True, text=True, **more).stdout


def build(work):
    """Compiles the ceiling and the client that reads."""
    flags = run("pkg-config", "--cflags", "--libs", "fuse3").split()
    for name, extra in (("ceiling", flags), ("client", ["-lpthread"])):
        run("cc", "-O2", "-o", f"{work}/{name}", f"{HERE}/{name}.c", *extra)


def raise_read_ahead(place):
    device = os.stat(place).st_dev
    with contextlib.suppress(OSError), open(
            f"/sys/class/bdi/{os.major(device)}:{os.minor(device)}/read_ahead_kb", "w") as file:
        file.write("1024\n")


class Server:
    """A file system that is mounted for one measurement, so that it remembers nothing."""

    def __init__(self, work, start, paths, touched_mebibytes):
        """start(PLACE) mounts, and gives the process if it is a child; paths maps what is measured to a path;
        so much memory is touched before each measurement."""
        self.work, self.start, self.paths = work, start, paths
        self.touched_mebibytes = touched_mebibytes

    @contextlib.contextmanager
    def mounted(self):
        # A virtual machine may have given its free memory back to its host, and to get it again costs more than
        # what is measured: 0.3 GB/s were seen, and from one minute to the next 2.5.
        run(f"{self.work}/client", "memory", str(self.touched_mebibytes))
        place = tempfile.mkdtemp(dir=self.work)
        process = self.start(place)
        deadline = time.time() + 30
        while not os.path.ismount(place):
            if time.time() > deadline:
                raise SystemExit("a server did not mount")
            time.sleep(0.01)
        raise_read_ahead(place)
        try:
            yield place
        finally:
            for _ in range(50):
                if subprocess.run(["fusermount3", "-u", place], capture_output=True).returncode == 0:
                    break
                time.sleep(0.1)
            if process:
                process.wait()
            os.rmdir(place)

    def measure(self, test, what, seconds="0.5"):
        """What the client says of one thing of this server, mounted anew."""
        with self.mounted() as place:
            return float(run(f"{self.work}/client", test, os.path.join(place, self.paths[what]), seconds))

    def processor_seconds(self, test, what):
        """The processor time that a mounted archive's server takes for a test: user, system."""
        with self.mounted() as place:
            server = json.load(open(f"{place}/.status"))["pid"]

            def times():
                fields = open(f"/proc/{server}/stat").read().rsplit(")", 1)[1].split()
                return [int(ticks) / os.sysconf("SC_CLK_TCK") for ticks in fields[11:13]]

            before = times()
            run(f"{self.work}/client", test, os.path.join(place, self.paths[what]))
            return [after - start for start, after in zip(before, times())]


def servers(dlv, work, archive, mebibytes, touched):
    """All that can be measured on this machine, by name."""
    def mount(place):
        run(dlv, "mount", "--log", f"{work}/log", archive, place)

    def ceiling(place):
        return subprocess.Popen([f"{work}/ceiling", place, str(mebibytes)])

    versions = [f"v{number}" for number in range(1, 6)]
    folders = {name: f"models/small/v1/files/{name}" for name in ("d1000", "d10000")}
    folders["many"] = "models/many"
    found = {
        "dlv": Server(work, mount,
                      folders | {version: f"models/big/{version}/model.safetensors" for version in versions}, touched),
        "ceiling": Server(work, ceiling, folders | {version: "big" for version in versions}, touched),
    }
    if shutil.which("mksquashfs") and shutil.which("squashfuse_ll"):
        image = f"{work}/plain.squashfs"
        with contextlib.suppress(FileNotFoundError):
            os.unlink(image)
        run("mksquashfs", f"{work}/plain", image, "-comp", "zstd", "-Xcompression-level", "3", "-b", "128K",
            "-no-progress")
        found["squashfuse"] = Server(
            work, lambda place: subprocess.Popen(["squashfuse_ll", "-f", image, place]),
            {"v1": "base.safetensors", "v2": "base.safetensors", "v5": "deep.safetensors"}, touched)
    return found
