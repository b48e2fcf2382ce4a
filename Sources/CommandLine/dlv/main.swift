import ArgumentParser
import DLVCommands

DLV.main()
