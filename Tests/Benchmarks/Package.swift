// swift-tools-version: 6.2

import PackageDescription

// Benchmarks are a package of their own, so that building and testing dlv never builds them.
let package = Package(
    name: "Benchmarks",
    dependencies: [.package(name: "dlv", path: "../..")],
    targets: [
        .executableTarget(
            name: "CodingBenchmark",
            dependencies: [.product(name: "TensorCoding", package: "dlv")],
            path: "CodingBenchmark"
        ),
        .executableTarget(
            name: "NetworkBenchmark",
            dependencies: [.product(name: "Networks", package: "dlv")],
            path: "NetworkBenchmark"
        ),
        .executableTarget(
            name: "PlanningBenchmark",
            dependencies: [.product(name: "StoragePlanning", package: "dlv")],
            path: "PlanningBenchmark"
        )
    ],
    swiftLanguageModes: [.v6]
)
