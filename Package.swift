// swift-tools-version: 6.1
import PackageDescription

let package = Package(
    name: "Telos",
    platforms: [.macOS(.v14)],
    products: [
        .library(name: "Telos", targets: ["Telos"]),
        .library(name: "TelosExperiments", targets: ["TelosExperiments"]),
        .library(name: "TelosC", type: .dynamic, targets: ["TelosC"]),
        .executable(name: "telos", targets: ["TelosCommand"]),
    ],
    traits: [
        .trait(
            name: "MuJoCo",
            description: "Physics environments; needs MuJoCo's library and headers, which 'make mujoco' fetches."),
        .trait(
            name: "HDF5", description: "Datasets in Minari's form; needs the HDF5 library (libhdf5-dev, brew hdf5)."),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
    ],
    targets: [
        .target(name: "CTelosKernels", linkerSettings: [.linkedLibrary("m")]),
        .target(name: "TelosTensor", dependencies: ["CTelosKernels"]),
        .target(name: "TelosNN", dependencies: ["TelosTensor"]),
        .systemLibrary(name: "CMuJoCo", pkgConfig: "mujoco"),
        .target(
            name: "TelosEnvironments",
            dependencies: ["TelosTensor", .target(name: "CMuJoCo", condition: .when(traits: ["MuJoCo"]))]),
        .target(name: "TelosRewards", dependencies: ["TelosTensor", "TelosEnvironments"]),
        .systemLibrary(name: "CHDF5", pkgConfig: "hdf5", providers: [.apt(["libhdf5-dev"]), .brew(["hdf5"])]),
        .target(
            name: "TelosFeedback",
            dependencies: [
                "TelosNN", "TelosEnvironments", "TelosRewards",
                .target(name: "CHDF5", condition: .when(traits: ["HDF5"])),
            ]),
        .target(
            name: "TelosLearning",
            dependencies: ["TelosNN", "TelosEnvironments", "TelosRewards", "TelosFeedback"]),
        .target(name: "TelosEvaluation", dependencies: ["TelosLearning"]),
        .target(
            name: "Telos",
            dependencies: [
                "TelosTensor", "TelosNN", "TelosEnvironments", "TelosRewards", "TelosFeedback", "TelosLearning",
                "TelosEvaluation",
            ]),
        .target(
            name: "TelosExperiments",
            dependencies: [
                "Telos",
                .product(name: "Yams", package: "Yams"),
                .product(name: "GRDB", package: "GRDB.swift"),
                .product(name: "Logging", package: "swift-log"),
            ],
            resources: [.embedInCode("Gymnasium/worker.py")]),
        .target(name: "TelosC", dependencies: ["TelosExperiments"], exclude: ["telos.h"]),
        .target(name: "TelosCatalogue", dependencies: ["TelosExperiments"]),
        .executableTarget(
            name: "TelosCommand",
            dependencies: [
                "TelosCatalogue",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            path: "Sources/telos"),
        .target(name: "CTelosTestSupport", dependencies: ["CTelosKernels"], path: "Tests/CTelosTestSupport"),
        .testTarget(name: "TelosTensorTests", dependencies: ["TelosNN", "CTelosTestSupport"]),
        .testTarget(name: "TelosEnvironmentsTests", dependencies: ["TelosEnvironments"], exclude: ["Fixtures"]),
        .testTarget(name: "TelosRewardsTests", dependencies: ["TelosRewards"]),
        .testTarget(name: "TelosFeedbackTests", dependencies: ["TelosFeedback"], exclude: ["Fixtures"]),
        .testTarget(name: "TelosLearningTests", dependencies: ["TelosLearning", "CTelosTestSupport"]),
        .testTarget(name: "TelosEvaluationTests", dependencies: ["TelosEvaluation"], exclude: ["Fixtures"]),
        .testTarget(name: "TelosExperimentsTests", dependencies: ["TelosCatalogue", "TelosC"], exclude: ["Fixtures"]),
    ]
)
