/// The fields of caffe.proto that tell of a network, by their numbers.
enum CaffeSchema {
    /// What a field holds.
    enum Kind {
        case text
        /// A whole number, a truth value or a choice, which prototxts may write as numbers too.
        case integer
        case number
        case message(Message)
    }

    /// A kind of message.
    enum Message {
        case net, layer, oldLayer, oldestLayer, shape, shapes, rule, parameter, transform, data
        case convolution, pooling, innerProduct, normalisation, concat, dropout, elementWise, slice
        case batchNorm, scale, rectifier, axis, reshape, embed
    }

    /// The name and kind of a field; nil for those that tell nothing of a network.
    static func field(_ number: Int, of message: Message) -> (name: String, kind: Kind)? {
        fields(of: message)[number]
    }

    private static func fields(of message: Message) -> [Int: (name: String, kind: Kind)] {
        switch message {
        case .net: net
        case .layer: layer
        case .oldLayer: oldLayer
        case .oldestLayer: oldestLayer
        case .convolution: convolution
        case .pooling: pooling
        case .shape: [1: ("dim", .integer)]
        case .shapes: [1: ("shape", .message(.shape))]
        case .rule:
            [
                1: ("phase", .integer), 2: ("min_level", .integer), 3: ("max_level", .integer),
                4: ("stage", .text), 5: ("not_stage", .text),
            ]
        case .parameter: [1: ("name", .text)]
        case .transform: [3: ("crop_size", .integer)]
        case .data: [4: ("batch_size", .integer)]
        case .innerProduct:
            [1: ("num_output", .integer), 2: ("bias_term", .integer), 5: ("axis", .integer)]
        case .normalisation:
            [
                1: ("local_size", .integer), 2: ("alpha", .number), 3: ("beta", .number),
                4: ("norm_region", .integer),
            ]
        case .concat: [1: ("concat_dim", .integer), 2: ("axis", .integer)]
        case .dropout: [1: ("dropout_ratio", .number)]
        case .elementWise: [1: ("operation", .integer)]
        case .slice:
            [1: ("slice_dim", .integer), 2: ("slice_point", .integer), 3: ("axis", .integer)]
        case .batchNorm: [3: ("eps", .number)]
        case .scale: [4: ("bias_term", .integer)]
        case .rectifier: [1: ("negative_slope", .number)]
        case .axis: [1: ("axis", .integer), 2: ("axis", .integer)]
        case .reshape: [1: ("shape", .message(.shape))]
        case .embed:
            [1: ("num_output", .integer), 2: ("input_dim", .integer), 3: ("bias_term", .integer)]
        }
    }

    private static let net: [Int: (name: String, kind: Kind)] = [
        1: ("name", .text), 2: ("layers", .message(.oldLayer)), 3: ("input", .text),
        4: ("input_dim", .integer), 8: ("input_shape", .message(.shape)),
        100: ("layer", .message(.layer)),
    ]

    private static let layer: [Int: (name: String, kind: Kind)] = [
        1: ("name", .text), 2: ("type", .text), 3: ("bottom", .text), 4: ("top", .text),
        6: ("param", .message(.parameter)), 8: ("include", .message(.rule)),
        9: ("exclude", .message(.rule)), 100: ("transform_param", .message(.transform)),
        104: ("concat_param", .message(.concat)),
        106: ("convolution_param", .message(.convolution)), 107: ("data_param", .message(.data)),
        108: ("dropout_param", .message(.dropout)), 110: ("eltwise_param", .message(.elementWise)),
        117: ("inner_product_param", .message(.innerProduct)),
        118: ("lrn_param", .message(.normalisation)), 121: ("pooling_param", .message(.pooling)),
        123: ("relu_param", .message(.rectifier)), 126: ("slice_param", .message(.slice)),
        133: ("reshape_param", .message(.reshape)), 135: ("flatten_param", .message(.axis)),
        137: ("embed_param", .message(.embed)), 139: ("batch_norm_param", .message(.batchNorm)),
        142: ("scale_param", .message(.scale)), 143: ("input_param", .message(.shapes)),
    ]

    /// V1LayerParameter, in which even older layers stand as field 1.
    private static let oldLayer: [Int: (name: String, kind: Kind)] = [
        1: ("layer", .message(.oldestLayer)), 2: ("bottom", .text), 3: ("top", .text),
        4: ("name", .text), 5: ("type", .integer), 9: ("concat_param", .message(.concat)),
        10: ("convolution_param", .message(.convolution)),
        12: ("dropout_param", .message(.dropout)),
        17: ("inner_product_param", .message(.innerProduct)),
        18: ("lrn_param", .message(.normalisation)), 19: ("pooling_param", .message(.pooling)),
        24: ("eltwise_param", .message(.elementWise)), 30: ("relu_param", .message(.rectifier)),
        31: ("slice_param", .message(.slice)), 32: ("include", .message(.rule)),
        33: ("exclude", .message(.rule)), 36: ("transform_param", .message(.transform)),
    ]

    /// V0LayerParameter, whose parameters stand among its other fields.
    private static let oldestLayer: [Int: (name: String, kind: Kind)] = [
        1: ("name", .text), 2: ("type", .text), 3: ("num_output", .integer),
        4: ("biasterm", .integer), 7: ("pad", .integer), 8: ("kernelsize", .integer),
        9: ("group", .integer), 10: ("stride", .integer), 11: ("pool", .integer),
        12: ("dropout_ratio", .number), 13: ("local_size", .integer), 14: ("alpha", .number),
        15: ("beta", .number), 65: ("concat_dim", .integer),
    ]

    private static let convolution: [Int: (name: String, kind: Kind)] = [
        1: ("num_output", .integer), 2: ("bias_term", .integer), 3: ("pad", .integer),
        4: ("kernel_size", .integer), 5: ("group", .integer), 6: ("stride", .integer),
        9: ("pad_h", .integer), 10: ("pad_w", .integer), 11: ("kernel_h", .integer),
        12: ("kernel_w", .integer), 13: ("stride_h", .integer), 14: ("stride_w", .integer),
        18: ("dilation", .integer),
    ]

    private static let pooling: [Int: (name: String, kind: Kind)] = [
        1: ("pool", .integer), 2: ("kernel_size", .integer), 3: ("stride", .integer),
        4: ("pad", .integer), 5: ("kernel_h", .integer), 6: ("kernel_w", .integer),
        7: ("stride_h", .integer), 8: ("stride_w", .integer), 9: ("pad_h", .integer),
        10: ("pad_w", .integer), 12: ("global_pooling", .integer), 13: ("round_mode", .integer),
    ]
}
