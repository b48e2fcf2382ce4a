/// The vision transformer: an encoder over patches of an image (Dosovitskiy et al., 2020).
enum VisionTransformerFamily {
    static func build(_ builder: inout ConfigurationBuilder) throws(NetworkError) {
        let hidden = try builder.size("hidden_size")
        let image = try builder.size("image_size")
        let patch = try builder.size("patch_size")
        let channels = try builder.optionalSize("num_channels") ?? 3
        let pixels = builder.add(
            "pixel_values",
            .input,
            from: [],
            shape: ActivationShape([nil, channels, image, image])
        )
        let patches = builder.add(
            "embeddings.patch_embeddings.projection",
            .conv,
            [
                "channels": .integer(hidden), "kernel": .integers([patch, patch]),
                "stride": .integers([patch, patch]),
            ],
            from: [pixels],
            tensors: ["weight", "bias"]
        )
        let count = max(1, image / patch) * max(1, image / patch)
        // The patches become a sequence, with a token for the whole image before them.
        var last = builder.add(
            "embeddings",
            Operator("BIAS"),
            from: [patches],
            shape: ActivationShape([nil, count + 1, hidden])
        )
        builder.setParameters(
            [
                NodeParameter(
                    role: "token",
                    name: "embeddings.cls_token",
                    shape: [1, 1, hidden]
                ),
                NodeParameter(
                    role: "positions",
                    name: "embeddings.position_embeddings",
                    shape: [1, count + 1, hidden]
                ),
            ],
            of: last
        )
        for block in 0..<(try builder.blockCount("num_hidden_layers")) {
            last = try addBlock("encoder.layer.\(block)", hidden, from: last, to: &builder)
        }
        last = builder.norm("layernorm", .layerNorm, "layer_norm_eps", from: last)
        guard builder.isArchitecture("ForImageClassification") else { return }
        _ = builder.full("classifier", builder.labelCount, from: last)
    }

    private static func addBlock(
        _ name: String,
        _ hidden: Int,
        from input: Int,
        to builder: inout ConfigurationBuilder
    ) throws(NetworkError) -> Int {
        let epsilon = "layer_norm_eps"
        let hasBias = builder.config["qkv_bias"]?.boolean ?? true
        let first = builder.norm("\(name).layernorm_before", .layerNorm, epsilon, from: input)
        let projections = ["query", "key", "value"].map {
            builder.full("\(name).attention.attention.\($0)", hidden, from: first, bias: hasBias)
        }
        let attention = builder.add(
            "\(name).attention.attention.attention",
            .attention,
            [
                "heads": .integer(try builder.size("num_attention_heads")),
                "causal": .boolean(false),
            ],
            from: projections
        )
        let output = builder.full("\(name).attention.output.dense", hidden, from: attention)
        let sum = builder.add("\(name).add", .add, from: [input, output])
        let second = builder.norm("\(name).layernorm_after", .layerNorm, epsilon, from: sum)
        let wide = builder.full(
            "\(name).intermediate.dense",
            try builder.size("intermediate_size"),
            from: second
        )
        let active = builder.add(
            "\(name).intermediate.act",
            builder.activation("hidden_act"),
            from: [wide]
        )
        let narrow = builder.full("\(name).output.dense", hidden, from: active)
        return builder.add("\(name).add_1", .add, from: [sum, narrow])
    }
}

/// Residual networks as `transformers` names their layers (He et al., 2015).
enum ResNetFamily {
    static func build(_ builder: inout ConfigurationBuilder) throws(NetworkError) {
        let channels = try builder.optionalSize("num_channels") ?? 3
        let depths = builder.config["depths"]?.list?.compactMap(\.integer) ?? [3, 4, 6, 3]
        let sizes =
            builder.config["hidden_sizes"]?.list?.compactMap(\.integer) ?? [256, 512, 1024, 2048]
        guard depths.count == sizes.count, depths.allSatisfy({ (1...200).contains($0) }),
            sizes.allSatisfy({ $0 > 0 && $0 < 1 << 20 })
        else {
            throw NetworkError(.badInput, "'depths' and 'hidden_sizes' do not belong together.")
        }
        let pixels = builder.add(
            "pixel_values",
            .input,
            from: [],
            shape: ActivationShape([nil, channels, nil, nil])
        )
        var last = convolution(
            "embedder.embedder",
            try builder.size("embedding_size"),
            kernel: 7,
            stride: 2,
            from: pixels,
            isActive: true,
            to: &builder
        )
        last = builder.add("embedder.pooler", .pool, pooling(kernel: 3, stride: 2), from: [last])
        var taken = try builder.size("embedding_size")
        let isBasic = builder.config["layer_type"]?.text == "basic"
        for (stage, (depth, size)) in zip(depths, sizes).enumerated() {
            for layer in 0..<depth {
                let shrinks = builder.config["downsample_in_first_stage"]?.boolean ?? false
                let stride = layer == 0 && (stage > 0 || shrinks) ? 2 : 1
                last = addLayer(
                    Residual(
                        name: "encoder.stages.\(stage).layers.\(layer)",
                        taken: taken,
                        given: size,
                        stride: stride,
                        isBasic: isBasic
                    ),
                    from: last,
                    to: &builder
                )
                taken = size
            }
        }
        last = builder.add(
            "pooler",
            .pool,
            ["mode": .text("AVG"), "global": .boolean(true)],
            from: [last]
        )
        guard builder.isArchitecture("ForImageClassification") else { return }
        _ = builder.full("classifier.1", builder.labelCount, from: last)
    }

    /// One residual layer of a stage.
    private struct Residual {
        let name: String
        let taken: Int
        let given: Int
        let stride: Int
        let isBasic: Bool
    }

    private static func addLayer(
        _ layer: Residual,
        from input: Int,
        to builder: inout ConfigurationBuilder
    ) -> Int {
        var last = input
        // A bottleneck divides the channels by four; the stride is in its 3×3 convolution.
        let narrow = layer.isBasic ? layer.given : layer.given / 4
        let parts: [(channels: Int, kernel: Int, stride: Int)] =
            layer.isBasic
            ? [(layer.given, 3, layer.stride), (layer.given, 3, 1)]
            : [(narrow, 1, 1), (narrow, 3, layer.stride), (layer.given, 1, 1)]
        for (index, part) in parts.enumerated() {
            last = convolution(
                "\(layer.name).layer.\(index)",
                part.channels,
                kernel: part.kernel,
                stride: part.stride,
                from: last,
                isActive: index < parts.count - 1,
                to: &builder
            )
        }
        var shortcut = input
        if layer.taken != layer.given || layer.stride != 1 {
            shortcut = convolution(
                "\(layer.name).shortcut",
                layer.given,
                kernel: 1,
                stride: layer.stride,
                from: input,
                isActive: false,
                to: &builder
            )
        }
        let sum = builder.add("\(layer.name).add", .add, from: [last, shortcut])
        return builder.add("\(layer.name).activation", .relu, from: [sum])
    }

    private static func convolution(
        _ name: String,
        _ channels: Int,
        kernel: Int,
        stride: Int,
        from input: Int,
        isActive: Bool,
        to builder: inout ConfigurationBuilder
    ) -> Int {
        let conv = builder.add(
            "\(name).convolution",
            .conv,
            [
                "channels": .integer(channels), "kernel": .integers([kernel, kernel]),
                "stride": .integers([stride, stride]),
                "padding": .integers([kernel / 2, kernel / 2]), "bias": .boolean(false),
            ],
            from: [input],
            tensors: ["weight"]
        )
        let norm = builder.add("\(name).normalization", .batchNorm, from: [conv])
        builder.name(
            tensors: ["weight", "bias", "running_mean", "running_var"],
            roles: ["weight", "bias", "mean", "variance"],
            of: norm
        )
        return isActive ? builder.add("\(name).activation", .relu, from: [norm]) : norm
    }

    private static func pooling(kernel: Int, stride: Int) -> [String: AttributeValue] {
        [
            "mode": .text("MAX"), "kernel": .integers([kernel, kernel]),
            "stride": .integers([stride, stride]), "padding": .integers([kernel / 2, kernel / 2]),
        ]
    }
}

extension ConfigurationBuilder {
    /// Gives a layer tensors whose names are not their roles.
    mutating func name(tensors: [String], roles: [String]? = nil, of node: Int) {
        setParameters(
            zip(tensors, roles ?? tensors).map { tensor, role in
                NodeParameter(role: role, name: "\(nodes[node].name).\(tensor)")
            },
            of: node
        )
    }
}
