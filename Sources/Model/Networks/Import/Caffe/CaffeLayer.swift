/// A layer of a Caffe network in the newest of the three syntaxes, whichever it was written in.
struct CaffeLayer {
    var name: String
    /// As V2 spells it: `Convolution`.
    var type: String
    var bottoms: [String]
    var tops: [String]
    var message: TextMessage

    /// Reads `layer { … }` (V2), `layers { type: CONVOLUTION … }` (V1) or
    /// `layers { layer { type: "conv" … } … }` (V0).
    init(_ message: TextMessage) {
        let inner = message.message("layer")
        let own = inner ?? message
        name = own.scalar("name") ?? ""
        bottoms = message.scalars("bottom")
        tops = message.scalars("top")
        self.message = inner.map { CaffeLegacy.upgraded($0, outer: message) } ?? message
        type = CaffeLegacy.type(own.scalar("type") ?? "")
    }

    /// The phase that the first of its rules names: `TRAIN` or `TEST`.
    var phase: String? {
        message.messages("include").lazy.compactMap { $0.scalar("phase") }.first.map(Self.phaseName)
    }

    static func phaseName(_ text: String) -> String {
        switch text {
        case "0": "TRAIN"
        case "1": "TEST"
        default: text.uppercased()
        }
    }
}

/// The layers that a network consists of in a state, by Caffe's rules (net.cpp, `StateMeetsRule`).
struct CaffeNetState {
    let phase: String
    let level = 0
    let stages: Set<String>

    /// The state to show a network in: that of testing, since a network is kept to be used; where
    /// layers ask for stages, that of the first one.
    static func forUse(of layers: [CaffeLayer]) -> CaffeNetState {
        for layer in layers {
            for rule in layer.message.messages("include")
            where rule.scalar("phase").map(CaffeLayer.phaseName) ?? "TEST" == "TEST" {
                let stages = rule.scalars("stage")
                if !stages.isEmpty { return CaffeNetState(phase: "TEST", stages: Set(stages)) }
            }
        }
        return CaffeNetState(phase: "TEST", stages: [])
    }

    func includes(_ layer: CaffeLayer) -> Bool {
        let includes = layer.message.messages("include")
        let excludes = layer.message.messages("exclude")
        guard includes.isEmpty else { return includes.contains(where: meets) }
        return !excludes.contains(where: meets)
    }

    private func meets(_ rule: TextMessage) -> Bool {
        if let phase = rule.scalar("phase"), CaffeLayer.phaseName(phase) != self.phase {
            return false
        }
        if let least = rule.integer("min_level"), level < least { return false }
        if let most = rule.integer("max_level"), level > most { return false }
        return Set(rule.scalars("stage")).isSubset(of: stages)
            && stages.isDisjoint(with: rule.scalars("not_stage"))
    }
}

/// The older syntaxes of prototxt (upgrade_proto.cpp).
enum CaffeLegacy {
    /// The types of V1 by number (caffe.proto, V1LayerParameter.LayerType).
    private static let numbered = [
        "None", "Accuracy", "BNLL", "Concat", "Convolution", "Data", "Dropout", "EuclideanLoss",
        "Flatten", "HDF5Data", "HDF5Output", "Im2col", "ImageData", "InfogainLoss",
        "InnerProduct", "LRN", "MultinomialLogisticLoss", "Pooling", "ReLU", "Sigmoid", "Softmax",
        "SoftmaxWithLoss", "Split", "TanH", "WindowData", "Eltwise", "Power",
        "SigmoidCrossEntropyLoss", "HingeLoss", "MemoryData", "ArgMax", "Threshold", "DummyData",
        "Slice", "MVN", "AbsVal", "Silence", "ContrastiveLoss", "Exp", "Deconvolution",
    ]

    /// V1 and V0 names that are not the V2 name in other letters.
    private static let renamed = [
        "softmaxloss": "SoftmaxWithLoss", "conv": "Convolution", "pool": "Pooling",
        "innerproduct": "InnerProduct", "images": "ImageData",
    ]

    private static let byLetters = Dictionary(
        numbered.map { ($0.lowercased(), $0) },
        uniquingKeysWith: { first, _ in first }
    )

    /// The V2 name of a type.
    static func type(_ text: String) -> String {
        if let number = Int(text), numbered.indices.contains(number) { return numbered[number] }
        let letters = text.lowercased().filter { $0 != "_" }
        return renamed[letters] ?? byLetters[letters] ?? text
    }

    /// The message of V2 that a type's parameters stand in, and what V0 called them.
    private static let fields: [String: (message: String, names: [String: String])] = [
        "Convolution": (
            "convolution_param",
            [
                "num_output": "num_output", "biasterm": "bias_term", "pad": "pad",
                "kernelsize": "kernel_size", "group": "group", "stride": "stride",
            ]
        ),
        "Pooling": (
            "pooling_param",
            ["pool": "pool", "kernelsize": "kernel_size", "stride": "stride", "pad": "pad"]
        ),
        "InnerProduct": (
            "inner_product_param", ["num_output": "num_output", "biasterm": "bias_term"]
        ),
        "Dropout": ("dropout_param", ["dropout_ratio": "dropout_ratio"]),
        "LRN": ("lrn_param", ["local_size": "local_size", "alpha": "alpha", "beta": "beta"]),
        "Concat": ("concat_param", ["concat_dim": "concat_dim"]),
        "Data": ("data_param", ["batchsize": "batch_size", "source": "source"]),
    ]

    /// The parameters of a V0 layer, which stand among its other fields, in their message of V2.
    static func upgraded(_ inner: TextMessage, outer: TextMessage) -> TextMessage {
        guard let (name, names) = fields[type(inner.scalar("type") ?? "")] else { return outer }
        let parameters = inner.fields.compactMap { field in
            names[field.name].map { TextMessage.Field(name: $0, value: field.value) }
        }
        return TextMessage(
            outer.fields + [.init(name: name, value: .message(TextMessage(parameters)))]
        )
    }
}
