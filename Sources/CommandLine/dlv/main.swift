import ArgumentParser
import DLVCommands

// Under the name mount.dlv it is the helper that mount(8) calls for the type `dlv`.
if MountHelper.isCalled {
    MountHelper.main()
} else {
    DLV.main()
}
