import Catalog
import FloatSchemes

/// What a float scheme did to the weights of a version, for its metadata.
struct LossyCopy: Sendable {
    /// The weights of one tensor.
    struct Tensor: Sendable {
        /// The path of its file below `files/`.
        let file: String
        let name: String
        let error: SchemeError
    }

    /// The name of the scheme.
    let scheme: String
    /// The version that was copied.
    let source: String
    var tensors: [Tensor] = []

    /// The error of all weights together.
    var error: SchemeError {
        tensors.reduce(into: SchemeError()) { $0.add($1.error) }
    }

    /// What the catalog keeps of it.
    var record: LossyRecord {
        let error = error
        return LossyRecord(
            scheme: scheme,
            largestError: error.largest,
            rootMeanSquareError: error.rootMeanSquare
        )
    }

    /// The member `scheme` of `metadata.json`.
    var json: JSONText {
        .object(
            [
                .init("name", .string(scheme)), .init("lossy", .boolean(true)),
                .init("source", .string(source)),
            ] + Self.members(error) + [
                .init(
                    "tensors",
                    .array(
                        tensors.map { tensor in
                            .object(
                                [
                                    .init("file", .string(tensor.file)),
                                    .init("name", .string(tensor.name)),
                                ] + Self.members(tensor.error)
                            )
                        }
                    )
                )
            ]
        )
    }

    private static func members(_ error: SchemeError) -> [JSONText.Member] {
        [
            .init("weights", .integer(Int64(error.count))),
            .init("largest_error", .number(error.largest)),
            .init("rms_error", .number(error.rootMeanSquare)),
            .init("overflows", .integer(Int64(error.overflowCount))),
        ]
    }
}
