import Testing

/// The unit of systemd that `MountService.md` documents.
@Suite(.serialized)
struct SystemdTests {
    /// Takes the unit from the page and changes nothing but its paths.
    private static let takeUnit = #"""
        mkdir -p mnt units/systemd/user
        unit=units/systemd/user/zoo.service
        program=$(sed -n "s/exec '\(.*\)' .*/\1/p" .tools/dlv)
        page="$FIXTURES/../../../Sources/FileSystem/Mount/Mount.docc/MountService.md"
        sed -n '/^\[Unit\]/,/^```/p' "$page" | grep -v '^```' |
            sed "s|/usr/local/bin/dlv|$program|; s|/srv/zoo.dlv|$PWD/zoo.dlv|; s|/mnt/zoo$|$PWD/mnt|" > $unit
        grep -q "^ExecStart=$program mount .* $PWD/zoo.dlv $PWD/mnt$" $unit

        """#

    /// Waits until a file can be opened: the kernel may remember a name for a dead server.
    private static let untilThere = #"""
        until_there() {
            for turn in $(seq 100); do head -c 1 "$1" > /dev/null 2>&1 && return; sleep 0.1; done
            echo "there is no $1 after 10 seconds"; exit 1
        }

        """#

    /// Starts a manager of systemd of its own, where nobody else sees it or what it mounts.
    private static let startManager = #"""
        mount -t tmpfs none /run
        mkdir -p /run/systemd/system /run/user/0
        chmod 700 /run/user/0
        export XDG_RUNTIME_DIR=/run/user/0 XDG_CONFIG_HOME=$PWD/units
        /lib/systemd/systemd --user --unit=basic.target > manager.log 2>&1 & manager=$!
        trap 'kill $manager; wait' EXIT
        for turn in $(seq 50); do
            [ -e /run/user/0/systemd/private ] && break
            kill -0 $manager
            sleep 0.1
        done
        test -e /run/user/0/systemd/private

        """#

    /// Runs a script where what it mounts is its own.
    private static func apart(_ script: String) -> String {
        """
        cat > script <<'SCRIPT'
        \(script)
        SCRIPT
        timeout 60 apart bash -e script
        """
    }

    private static func managerRuns() async throws -> Bool {
        var status = 1
        try await Workplace.use { status = try await $0.run(apart(startManager)).status }
        return status == 0
    }

    /// What systemd does with the unit, done by hand, so that it is checked on every machine.
    @Test
    func theCommandServesRestartsAndStops() async throws {
        try await Workplace.use { place in
            try await place.makeZoo()
            try await place.check(
                Self.takeUnit + Self.untilThere + #"""
                    read -ra command <<< "$(sed -n 's/^ExecStart=//p' $unit)"
                    # Who is not root needs 'user_allow_other' in /etc/fuse.conf for this option.
                    [ $(id -u) = 0 ] || command=($(printf '%s\n' "${command[@]}" | grep -vx -- --allow-other))
                    log=$PWD/log
                    start() {
                        (cd / && exec env -i PATH="$PATH" JOURNAL_STREAM=1:1 "${command[@]}" < /dev/null 2>> "$log") &
                        server=$!
                    }
                    start
                    until_there mnt/README.txt
                    cmp mnt/models/lenet/v1/model.safetensors $FIXTURES/base_10.safetensors
                    grep -q '^<5>.* is mounted at' log
                    # Killed, it comes again and mounts over what is left.
                    kill -9 $server
                    wait $server || true
                    start
                    until_there mnt/README.txt
                    # Stopped, it lets what is open be read, and its status is none to restart it for.
                    exec 5< mnt/models/lenet/v1/model.safetensors
                    kill -TERM $server
                    while [ -e mnt/README.txt ]; do sleep 0.1; done
                    cmp - $FIXTURES/base_10.safetensors <&5
                    exec 5<&-
                    wait $server
                    ! grep "$PWD/mnt" /proc/self/mountinfo
                    """#
            )
        }
    }

    @Test(.needs("systemd-analyze"))
    func systemdUnderstandsTheUnit() async throws {
        try await Workplace.use { place in
            // What it does not know it ignores, with status 0.
            try await place.check(
                Self.takeUnit + """
                    systemd-analyze verify $unit > said 2>&1 || { cat said; false; }
                    ! grep zoo said
                    """
            )
        }
    }

    @Test(.needsRoot, .enabled("needs a manager of systemd, and none can run here", managerRuns))
    func systemdServesRestartsAndStopsTheUnit() async throws {
        try await Workplace.use { place in
            try await place.makeZoo()
            let script =
                Self.startManager + Self.untilThere + #"""
                    systemctl --user start zoo
                    until_there mnt/README.txt
                    cmp mnt/models/lenet/v1/model.safetensors $FIXTURES/base_10.safetensors
                    # Killed, it comes again and mounts over what is left.
                    kill -9 "$(systemctl --user show --property MainPID --value zoo)"
                    until_there mnt/README.txt
                    # Stopped, it lets what is open be read.
                    exec 5< mnt/models/lenet/v1/model.safetensors
                    systemctl --user stop zoo & stop=$!
                    while [ -e mnt/README.txt ]; do sleep 0.1; done
                    cmp - $FIXTURES/base_10.safetensors <&5
                    exec 5<&-
                    wait $stop
                    test "$(systemctl --user is-active zoo)" = inactive
                    """#
            // Other mounts are the system's matter.
            try await place.check(Self.takeUnit + "sed -i '/^RequiresMountsFor/d' $unit\n" + Self.apart(script))
        }
    }
}
