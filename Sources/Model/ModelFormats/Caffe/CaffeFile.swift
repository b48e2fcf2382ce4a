import Tensors

/// Finds the blobs of a Caffe network or solver state (caffe.proto of BVLC/caffe).
///
///     NetParameter      layer 100 (LayerParameter) · layers 2 (V1LayerParameter)
///     LayerParameter    name 1 · type 2 · blobs 7
///     V1LayerParameter  layer 1 (V0: name 1 · type 2 · blobs 50) · name 4 · type 5 · blobs 6
///     SolverState       iter 1 · learned_net 2 · history 3 · current_step 4
struct CaffeFile {
    private var tensors: [MappedTensor] = []
    private var left: String?
    private var fieldCount = 0

    /// Maps a network.
    static func map(_ source: any ByteSource) throws -> FileMapping {
        var file = CaffeFile()
        let message = ProtobufMessage(source, in: 0..<source.byteCount, subject: "The network")
        try message.forEachField { field in
            guard case .bytes(let range) = field.value else { return }
            switch field.number {
            case 100: try file.readLayer(message.message(range), name: 1, type: 2, blobs: 7)
            case 2: try file.readLayer(message.message(range), name: 4, type: 5, blobs: 6)
            default: break
            }
        }
        guard file.fieldCount > 0 else { throw ModelFormatError("It holds no layers.") }
        return try file.map(.caffe, source)
    }

    /// Maps the state of a solver.
    static func mapSolver(_ source: any ByteSource) throws -> FileMapping {
        var file = CaffeFile()
        let message = ProtobufMessage(source, in: 0..<source.byteCount, subject: "The solver state")
        try message.forEachField { field in
            guard field.number == 3, case .bytes(let range) = field.value else { return }
            try file.add(message.message(range), name: "history.\(file.fieldCount)")
            file.fieldCount += 1
        }
        return try file.map(.caffeSolver, source)
    }

    private func map(_ format: WeightFormat, _ source: any ByteSource) throws -> FileMapping {
        let map = SpanMap(format: format, byteCount: source.byteCount, tensors: tensors)
        guard var map else { throw ModelFormatError("Two of its blobs overlap.") }
        map.note = left
        return .mapped(map)
    }

    /// Reads a layer, whose fields have other numbers in every version of the format.
    private mutating func readLayer(
        _ message: ProtobufMessage,
        name nameField: Int,
        type typeField: Int,
        blobs blobsField: Int
    ) throws {
        fieldCount += 1
        var (name, type) = ("", "")
        var blobs: [Range<Int>] = []
        var oldLayer: Range<Int>?
        try message.forEachField { field in
            switch (field.number, field.value) {
            case (nameField, .bytes(let range)): name = try message.text(range)
            case (typeField, .bytes(let range)): type = try message.text(range)
            case (typeField, .varint(let code)): type = CaffeBlobNames.type(code)
            case (blobsField, .bytes(let range)): blobs.append(range)
            case (1, .bytes(let range)) where nameField == 4: oldLayer = range
            default: break
            }
        }
        if let oldLayer, blobs.isEmpty {
            try readLayer(message.message(oldLayer), name: 1, type: 2, blobs: 50)
        }
        for (index, range) in blobs.enumerated() {
            let part = CaffeBlobNames.name(ofBlob: index, type: type)
            try add(message.message(range), name: "\(name).\(part)")
        }
    }

    private mutating func add(_ message: ProtobufMessage, name: String) throws {
        let blob = try CaffeBlob(message)
        // Doubles win where there are both (blob.cpp, `FromProto`).
        for (part, suffix) in [(blob.data, ""), (blob.difference, ".diff")] {
            switch try part.elements(named: name + suffix, shape: blob.shape) {
            case .some(let tensor): tensors.append(tensor)
            case .none where part.isEmpty: break
            case .none: left = "the numbers of '\(name)' lie in several pieces, so they are not mapped."
            }
        }
    }
}
