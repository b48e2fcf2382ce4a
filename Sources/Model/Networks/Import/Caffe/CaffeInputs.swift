/// Where a Caffe network gets its data from.
enum CaffeInputs {
    private static let types: Set<String> = [
        "Input", "Data", "ImageData", "HDF5Data", "MemoryData", "DummyData", "WindowData",
        "AnnotatedData",
    ]

    /// Whether a layer of a type reads no other layer.
    static func isInput(_ type: String) -> Bool { types.contains(type) }

    /// The shapes of what an input layer gives, per top.
    static func shapes(of layer: CaffeLayer) -> [ActivationShape?] {
        let message = layer.message
        let named = message.message("input_param") ?? message.message("dummy_data_param")
        let stated = named?.messages("shape").map { $0.integers("dim") } ?? []
        return layer.tops.indices.map { index in
            if let dimensions = stated.indices.contains(index) ? stated[index] : stated.first {
                return shape(dimensions)
            }
            return index == 0 ? imageShape(of: message) : nil
        }
    }

    /// What a data layer says of the images that it reads: the channels are in the data alone.
    private static func imageShape(of message: TextMessage) -> ActivationShape? {
        if let memory = message.message("memory_data_param") {
            let names = ["batch_size", "channels", "height", "width"]
            return ActivationShape(names.map { memory.integer($0) })
        }
        let crop = message.message("transform_param")?.integer("crop_size")
        let own = message.message("data_param") ?? message.message("image_data_param")
        let batch = own?.integer("batch_size")
        guard crop != nil || batch != nil else { return nil }
        return ActivationShape([batch, nil, crop, crop])
    }

    static func shape(_ dimensions: [Int]) -> ActivationShape? {
        dimensions.isEmpty ? nil : ActivationShape(dimensions.map { $0 > 0 ? $0 : nil })
    }

    /// The inputs that a network declares outside of its layers: `input: "data"` with four
    /// `input_dim:` or an `input_shape { … }` each.
    static func declared(in net: TextMessage) -> [(name: String, shape: ActivationShape?)] {
        let dimensions = net.integers("input_dim")
        let shapes = net.messages("input_shape").map { $0.integers("dim") }
        return net.scalars("input").enumerated().map { index, name in
            if shapes.indices.contains(index) { return (name, shape(shapes[index])) }
            let start = index * 4
            guard dimensions.count >= start + 4 else { return (name, nil) }
            return (name, shape(Array(dimensions[start..<start + 4])))
        }
    }
}
