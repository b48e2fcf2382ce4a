/// T5: an encoder and a decoder that looks at it (Raffel et al., 2019).
///
/// Relative positions are a table of the first block's attention.
enum T5Family {
    static func build(_ builder: inout ConfigurationBuilder) throws(NetworkError) {
        let hidden = try builder.size("d_model")
        let words = try builder.size("vocab_size")
        let tokens = builder.tokens()
        let encoded = builder.embed("shared", words, hidden, from: tokens)
        let encoder = try addStack("encoder", from: encoded, memory: nil, to: &builder)
        let answers = builder.tokens("decoder_input_ids")
        let embedded = builder.embed("decoder.embed_tokens", words, hidden, from: answers)
        builder.tie(embedded, to: "shared.weight")
        let decoded = try addStack("decoder", from: embedded, memory: encoder, to: &builder)
        guard builder.isArchitecture("ForConditionalGeneration") else { return }
        let isTied = builder.config["tie_word_embeddings"]?.boolean ?? true
        _ = builder.full(
            "lm_head",
            words,
            from: decoded,
            bias: false,
            tied: isTied ? "shared.weight" : nil
        )
    }

    private static func addStack(
        _ name: String,
        from input: Int,
        memory: Int?,
        to builder: inout ConfigurationBuilder
    ) throws(NetworkError) -> Int {
        let count =
            memory != nil && builder.config["num_decoder_layers"] != nil
            ? try builder.blockCount("num_decoder_layers") : try builder.blockCount("num_layers")
        var last = input
        for block in 0..<count {
            let path = "\(name).block.\(block).layer"
            last = try addAttention(
                "\(path).0",
                "SelfAttention",
                from: last,
                memory: nil,
                isCausal: memory != nil,
                hasPositions: block == 0,
                to: &builder
            )
            if let memory {
                last = try addAttention(
                    "\(path).1",
                    "EncDecAttention",
                    from: last,
                    memory: memory,
                    isCausal: false,
                    hasPositions: false,
                    to: &builder
                )
            }
            last = try addFeedForward("\(path).\(memory == nil ? 1 : 2)", from: last, to: &builder)
        }
        return builder.norm(
            "\(name).final_layer_norm",
            .rmsNorm,
            "layer_norm_epsilon",
            from: last
        )
    }

    private static func addAttention(
        _ path: String,
        _ kind: String,
        from input: Int,
        memory: Int?,
        isCausal: Bool,
        hasPositions: Bool,
        to builder: inout ConfigurationBuilder
    ) throws(NetworkError) -> Int {
        let heads = try builder.size("num_heads")
        let width = try builder.size("d_kv")
        let norm = builder.norm(
            "\(path).layer_norm",
            .rmsNorm,
            "layer_norm_epsilon",
            from: input
        )
        let projections = [("q", norm), ("k", memory ?? norm), ("v", memory ?? norm)].map {
            builder.full("\(path).\(kind).\($0.0)", heads * width, from: $0.1, bias: false)
        }
        let attention = builder.add(
            "\(path).\(kind).attention",
            .attention,
            ["heads": .integer(heads), "causal": .boolean(isCausal)],
            from: projections
        )
        if hasPositions {
            builder.setParameters(
                [
                    NodeParameter(
                        role: "positions",
                        name: "\(path).\(kind).relative_attention_bias.weight",
                        shape: [
                            try builder.optionalSize("relative_attention_num_buckets") ?? 32, heads,
                        ]
                    )
                ],
                of: attention
            )
        }
        let output = builder.full(
            "\(path).\(kind).o",
            try builder.size("d_model"),
            from: attention,
            bias: false
        )
        return builder.add("\(path).add", .add, from: [input, output])
    }

    private static func addFeedForward(
        _ path: String,
        from input: Int,
        to builder: inout ConfigurationBuilder
    ) throws(NetworkError) -> Int {
        let wide = try builder.size("d_ff")
        let text = builder.config["feed_forward_proj"]?.text ?? "relu"
        let isGated = text.hasPrefix("gated-")
        let activation: Operator =
            text.contains("gelu") ? .gelu : text.contains("silu") ? .silu : .relu
        let norm = builder.norm("\(path).layer_norm", .rmsNorm, "layer_norm_epsilon", from: input)
        let dense = "\(path).DenseReluDense"
        let first = builder.full(
            "\(dense).\(isGated ? "wi_0" : "wi")",
            wide,
            from: norm,
            bias: false
        )
        var last = builder.add("\(dense).act", activation, from: [first])
        if isGated {
            let second = builder.full("\(dense).wi_1", wide, from: norm, bias: false)
            last = builder.add("\(dense).mul", .mul, from: [last, second])
        }
        last = builder.full("\(dense).wo", try builder.size("d_model"), from: last, bias: false)
        return builder.add("\(path).add", .add, from: [input, last])
    }
}
