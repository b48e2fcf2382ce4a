// swift-tools-version: 6.2

import PackageDescription

// The manifest is the map of the project: one line a library, grouped by area, each area depending
// only on those above it. `library` makes the target and, where tests exist, its mirror under Tests/.

let argumentParser: Target.Dependency =
    .product(name: "ArgumentParser", package: "swift-argument-parser")
let heap: Target.Dependency = .product(name: "HeapModule", package: "swift-collections")
let crypto: Target.Dependency = .product(name: "Crypto", package: "swift-crypto")
let grdb: Target.Dependency = .product(name: "GRDB", package: "GRDB.swift")
let sqlite: Target.Dependency = .product(name: "GRDBSQLite", package: "GRDB.swift")
let systemPackage: Target.Dependency = .product(name: "SystemPackage", package: "swift-system")
let logging: Target.Dependency = .product(name: "Logging", package: "swift-log")
let subprocess: Target.Dependency = .product(name: "Subprocess", package: "swift-subprocess")

let settings: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
]

// Tests see the members of what they test without naming every module on the way.
let testSettings: [SwiftSetting] = [.enableUpcomingFeature("ExistentialAny")]

/// A library at `Sources/AREA/NAME` and its tests at `Tests/AREA/NAMETests`.
func library(
    _ name: String,
    in area: String,
    _ dependencies: [Target.Dependency] = []
) -> [Target] {
    [
        .target(
            name: name,
            dependencies: dependencies,
            path: "Sources/\(area)/\(name)",
            swiftSettings: settings
        ),
        .testTarget(
            name: "\(name)Tests",
            dependencies: [.byName(name: name), "TestSupport"] + dependencies,
            path: "Tests/\(area)/\(name)Tests",
            swiftSettings: testSettings
        ),
    ]
}

let systemLibraries: [Target] = [
    .systemLibrary(
        name: "CFuse",
        path: "Sources/SystemLibraries/CFuse",
        pkgConfig: "fuse3",
        providers: [.apt(["libfuse3-dev"])]
    ),
    .systemLibrary(
        name: "CZstd",
        path: "Sources/SystemLibraries/CZstd",
        pkgConfig: "libzstd",
        providers: [.apt(["libzstd-dev"])]
    ),
    .systemLibrary(name: "CVectors", path: "Sources/SystemLibraries/CVectors"),
]

let model: [Target] =
    library("Tensors", in: "Model")
    + library("ModelFormats", in: "Model", ["Tensors"])
    + library("Networks", in: "Model", ["ModelFormats", "Tensors"])

let parameterArchivalStorage: [Target] =
    library("TensorCoding", in: "PAS", ["CVectors", "CZstd"])
    + library("PackFiles", in: "PAS", [systemPackage])
    + library("StoragePlanning", in: "PAS", [heap])
    + library("FloatSchemes", in: "PAS", ["Tensors"])
    + library("ParameterStore", in: "PAS", ["PackFiles", "TensorCoding", "Tensors", crypto])

let lifecycle: [Target] =
    library("Catalog", in: "DLV", ["ParameterStore", "TensorCoding", "Tensors", grdb, sqlite])
    + library(
        "Archive",
        in: "DLV",
        [
            "Catalog", "FloatSchemes", "ModelFormats", "Networks", "PackFiles", "ParameterStore",
            "StoragePlanning", "TensorCoding", "Tensors", systemPackage, crypto,
        ]
    )

let query: [Target] =
    library("DQLSyntax", in: "DQL")
    + library(
        "DQLExecution",
        in: "DQL",
        [
            "Archive", "Catalog", "DQLSyntax", "ModelFormats", "Networks", "ParameterStore", "Tensors",
        ]
    )

let fileSystem: [Target] =
    library("Fuse", in: "FileSystem", ["CFuse"])
    + library(
        "ArchiveFileSystem",
        in: "FileSystem",
        [
            "Archive", "Catalog", "ModelFormats", "ParameterStore", "TensorCoding", "Tensors",
            logging,
        ]
    )
    + library(
        "Mount",
        in: "FileSystem",
        [
            "Archive", "ArchiveFileSystem", "Catalog", "DQLExecution", "DQLSyntax", "Fuse",
            "ParameterStore", logging,
        ]
    )

let commandLine: [Target] = [
    .target(
        name: "DLVCommands",
        dependencies: [
            "Archive", "Catalog", "DQLExecution", "DQLSyntax", "FloatSchemes", "Mount", "Networks",
            "ParameterStore", "StoragePlanning", "Tensors", argumentParser, logging,
        ],
        path: "Sources/CommandLine/DLVCommands",
        swiftSettings: settings
    ),
    .executableTarget(
        name: "dlv",
        dependencies: ["DLVCommands", argumentParser],
        path: "Sources/CommandLine/dlv",
        swiftSettings: settings
    ),
]

let tests: [Target] = [
    .target(name: "TestSupport", path: "Tests/TestSupport", swiftSettings: testSettings),
    .testTarget(
        name: "EndToEndTests",
        dependencies: ["TestSupport", "dlv", subprocess, systemPackage],
        path: "Tests/EndToEndTests",
        swiftSettings: testSettings
    ),
]

let package = Package(
    name: "dlv",
    products: [
        .executable(name: "dlv", targets: ["dlv"]),
        .library(name: "Networks", targets: ["Networks"]),
        .library(name: "StoragePlanning", targets: ["StoragePlanning"]),
        .library(name: "TensorCoding", targets: ["TensorCoding"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-system", from: "1.8.1"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
        .package(url: "https://github.com/swiftlang/swift-subprocess", from: "1.0.2"),
    ],
    targets: systemLibraries + model + parameterArchivalStorage + lifecycle + query + fileSystem
        + commandLine + tests,
    swiftLanguageModes: [.v6]
)
