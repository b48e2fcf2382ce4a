/// What the parameters of a Caffe layer say, in the terms of ``OperatorSignature``.
enum CaffeAttributes {
    /// A layer without its place in the graph.
    struct Layer {
        var kind: Operator
        var attributes: [String: AttributeValue] = [:]
        /// The roles of its blobs in Caffe's order.
        var roles: [String] = []
    }

    /// Translates a layer.
    static func layer(_ layer: CaffeLayer) -> Layer {
        let message = layer.message
        switch layer.type {
        case "Convolution", "Deconvolution": return convolution(layer)
        case "InnerProduct": return innerProduct(message.message("inner_product_param"))
        case "Pooling": return pooling(message.message("pooling_param"))
        case "ROIPooling": return regionPooling(message.message("roi_pooling_param"))
        case "LRN": return normalisation(message.message("lrn_param"))
        case "BatchNorm":
            return Layer(
                kind: .batchNorm,
                attributes: numbers(message.message("batch_norm_param"), ["epsilon": "eps"]),
                roles: ["mean", "variance", "factor"]
            )
        case "Scale": return scale(layer, message.message("scale_param"))
        case "Bias": return Layer(kind: Operator("BIAS"), roles: ["bias"])
        case "PReLU": return Layer(kind: Operator("PRELU"), roles: ["weight"])
        case "ReLU": return rectifier(message.message("relu_param"))
        case "Dropout":
            let ratio = message.message("dropout_param")?.number("dropout_ratio") ?? 0.5
            return Layer(kind: .dropout, attributes: ["ratio": .number(ratio)])
        case "Eltwise": return elementWise(message.message("eltwise_param"))
        case "Concat": return Layer(kind: .concat, attributes: axis(message, "concat_param"))
        case "Slice": return slice(message.message("slice_param"))
        case "Split": return Layer(kind: .split, attributes: ["copies": .boolean(true)])
        case "Flatten": return Layer(kind: .flatten, attributes: axis(message, "flatten_param"))
        case "Softmax": return Layer(kind: .softmax, attributes: axis(message, "softmax_param"))
        case "Reshape": return reshape(message.message("reshape_param"))
        case "Embed": return embed(message.message("embed_param"))
        case "Sigmoid", "TanH", "Accuracy", "ELU", "Exp", "Log", "Power":
            return Layer(kind: Operator(layer.type))
        case "AbsVal": return Layer(kind: Operator("ABS"))
        default: return other(layer)
        }
    }

    private static func other(_ layer: CaffeLayer) -> Layer {
        if CaffeInputs.isInput(layer.type) { return Layer(kind: .input) }
        if layer.type.hasSuffix("Loss") {
            return Layer(kind: .loss, attributes: ["kind": .text(lossName(layer.type))])
        }
        var attributes: [String: AttributeValue] = [:]
        if let python = layer.message.message("python_param") {
            attributes["module"] = python.scalar("module").map { .text($0) }
            attributes["layer"] = python.scalar("layer").map { .text($0) }
        }
        return Layer(kind: Operator(layer.type), attributes: attributes)
    }

    /// `SoftmaxWithLoss` is `softmax`.
    private static func lossName(_ type: String) -> String {
        var name = type.dropLast("Loss".count)
        if name.hasSuffix("With") { name = name.dropLast("With".count) }
        return name.lowercased()
    }

    /// A size that Caffe writes as `name`, as `name` repeated, or as `name_h` and `name_w`.
    private static func size(
        _ message: TextMessage?,
        _ name: String,
        stem: String? = nil,
        default value: Int
    ) -> AttributeValue {
        let stem = stem ?? name
        if let height = message?.integer(stem + "_h"), let width = message?.integer(stem + "_w") {
            return .integers([height, width])
        }
        let values = message?.integers(name) ?? []
        switch values.count {
        case 0: return .integers([value, value])
        case 1: return .integers([values[0], values[0]])
        default: return .integers(values)
        }
    }

    private static func convolution(_ layer: CaffeLayer) -> Layer {
        let message = layer.message.message("convolution_param")
        let hasBias = message?.boolean("bias_term") ?? true
        var attributes: [String: AttributeValue] = [
            "kernel": size(message, "kernel_size", stem: "kernel", default: 1),
            "stride": size(message, "stride", default: 1),
            "padding": size(message, "pad", default: 0),
            "groups": .integer(message?.integer("group") ?? 1),
            "bias": .boolean(hasBias),
        ]
        attributes["channels"] = message?.integer("num_output").map { .integer($0) }
        if let dilation = message?.integers("dilation"), dilation.contains(where: { $0 != 1 }) {
            attributes["dilation"] = size(message, "dilation", default: 1)
        }
        return Layer(
            kind: layer.type == "Convolution" ? .conv : .deconv,
            attributes: attributes,
            roles: hasBias ? ["weight", "bias"] : ["weight"]
        )
    }

    private static func innerProduct(_ message: TextMessage?) -> Layer {
        let hasBias = message?.boolean("bias_term") ?? true
        var attributes: [String: AttributeValue] = ["bias": .boolean(hasBias)]
        attributes["features"] = message?.integer("num_output").map { .integer($0) }
        if let axis = message?.integer("axis"), axis != 1 { attributes["axis"] = .integer(axis) }
        return Layer(
            kind: .full,
            attributes: attributes,
            roles: hasBias ? ["weight", "bias"] : ["weight"]
        )
    }

    private static func pooling(_ message: TextMessage?) -> Layer {
        let modes = ["0": "MAX", "1": "AVG", "2": "STOCHASTIC"]
        let mode = message?.scalar("pool") ?? "MAX"
        var attributes: [String: AttributeValue] = [
            "mode": OperatorWords.canonical(.text(modes[mode] ?? mode))
        ]
        if message?.boolean("global_pooling") == true {
            attributes["global"] = .boolean(true)
            return Layer(kind: .pool, attributes: attributes)
        }
        attributes["kernel"] = size(message, "kernel_size", stem: "kernel", default: 1)
        attributes["stride"] = size(message, "stride", default: 1)
        attributes["padding"] = size(message, "pad", default: 0)
        // Caffe rounds up unless a newer `round_mode: FLOOR` says otherwise.
        let mayFloor = message?.scalar("round_mode")
        attributes["ceil"] = .boolean(mayFloor != "FLOOR" && mayFloor != "1")
        return Layer(kind: .pool, attributes: attributes)
    }

    private static func regionPooling(_ message: TextMessage?) -> Layer {
        let sizes = [message?.integer("pooled_h") ?? 0, message?.integer("pooled_w") ?? 0]
        var attributes: [String: AttributeValue] = ["output": .integers(sizes)]
        attributes["scale"] = message?.number("spatial_scale").map { .number($0) }
        return Layer(kind: Operator("ROIPOOL"), attributes: attributes)
    }

    private static func normalisation(_ message: TextMessage?) -> Layer {
        let isWithin = ["WITHIN_CHANNEL", "1"].contains(message?.scalar("norm_region"))
        return Layer(
            kind: .lrn,
            attributes: [
                "size": .integer(message?.integer("local_size") ?? 5),
                "alpha": .number(message?.number("alpha") ?? 1),
                "beta": .number(message?.number("beta") ?? 0.75),
                "region": .text(isWithin ? "within" : "across"),
            ]
        )
    }

    /// With two bottoms Caffe's Scale learns nothing: it multiplies them.
    private static func scale(_ layer: CaffeLayer, _ message: TextMessage?) -> Layer {
        guard layer.bottoms.count < 2 else { return Layer(kind: .mul) }
        let hasBias = message?.boolean("bias_term") ?? false
        return Layer(
            kind: .scale,
            attributes: ["bias": .boolean(hasBias)],
            roles: hasBias ? ["weight", "bias"] : ["weight"]
        )
    }

    private static func rectifier(_ message: TextMessage?) -> Layer {
        guard let slope = message?.number("negative_slope"), slope != 0 else {
            return Layer(kind: .relu)
        }
        return Layer(kind: Operator("LEAKYRELU"), attributes: ["slope": .number(slope)])
    }

    private static func elementWise(_ message: TextMessage?) -> Layer {
        switch message?.scalar("operation") {
        case "PROD", "0": return Layer(kind: .mul)
        case "MAX", "2": return Layer(kind: Operator("MAXIMUM"))
        default: return Layer(kind: .add)
        }
    }

    private static func axis(_ message: TextMessage, _ name: String) -> [String: AttributeValue] {
        let own = message.message(name)
        return ["axis": .integer(own?.integer("axis") ?? own?.integer("concat_dim") ?? 1)]
    }

    private static func slice(_ message: TextMessage?) -> Layer {
        let axis = message?.integer("axis") ?? message?.integer("slice_dim") ?? 1
        var attributes: [String: AttributeValue] = ["axis": .integer(axis)]
        let points = message?.integers("slice_point") ?? []
        if !points.isEmpty { attributes["points"] = .integers(points) }
        return Layer(kind: .split, attributes: attributes)
    }

    private static func reshape(_ message: TextMessage?) -> Layer {
        let sizes = message?.message("shape")?.integers("dim") ?? []
        return Layer(kind: .reshape, attributes: sizes.isEmpty ? [:] : ["shape": .integers(sizes)])
    }

    private static func embed(_ message: TextMessage?) -> Layer {
        var attributes: [String: AttributeValue] = [:]
        attributes["count"] = message?.integer("input_dim").map { .integer($0) }
        attributes["features"] = message?.integer("num_output").map { .integer($0) }
        let hasBias = message?.boolean("bias_term") ?? true
        return Layer(
            kind: .embed,
            attributes: attributes,
            roles: hasBias ? ["weight", "bias"] : ["weight"]
        )
    }

    private static func numbers(
        _ message: TextMessage?,
        _ names: [String: String]
    ) -> [String: AttributeValue] {
        names.compactMapValues { message?.number($0).map { .number($0) } }
    }
}
