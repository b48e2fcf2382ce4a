/// GPT-2: a decoder with learned positions, whose weights are stored transposed (Radford et al., 2019).
enum GPT2Family {
    static func build(_ builder: inout ConfigurationBuilder) throws(NetworkError) {
        let hidden = try builder.size("n_embd")
        let words = try builder.size("vocab_size")
        let heads = try builder.size("n_head")
        let wide = try builder.optionalSize("n_inner") ?? hidden * 4
        let tokens = builder.tokens()
        let table = builder.embed("wte", words, hidden, from: tokens)
        let positions = builder.embed(
            "wpe",
            try builder.size("n_positions", "n_ctx"),
            hidden,
            from: builder.tokens("position_ids")
        )
        var last = builder.add("add", .add, from: [table, positions])
        for block in 0..<(try builder.blockCount("n_layer")) {
            let name = "h.\(block)"
            let first = builder.norm("\(name).ln_1", .layerNorm, "layer_norm_epsilon", from: last)
            let joined = builder.full("\(name).attn.c_attn", hidden * 3, from: first)
            let attention = builder.add(
                "\(name).attn.attention",
                .attention,
                ["heads": .integer(heads), "features": .integer(hidden), "causal": .boolean(true)],
                from: [joined]
            )
            let output = builder.full("\(name).attn.c_proj", hidden, from: attention)
            let sum = builder.add("\(name).add", .add, from: [last, output])
            let second = builder.norm("\(name).ln_2", .layerNorm, "layer_norm_epsilon", from: sum)
            let up = builder.full("\(name).mlp.c_fc", wide, from: second)
            let active = builder.add(
                "\(name).mlp.act",
                builder.activation("activation_function", default: "gelu_new"),
                from: [up]
            )
            let down = builder.full("\(name).mlp.c_proj", hidden, from: active)
            for node in [joined, output, up, down] { builder.transposeWeight(of: node) }
            last = builder.add("\(name).add_1", .add, from: [sum, down])
        }
        last = builder.norm("ln_f", .layerNorm, "layer_norm_epsilon", from: last)
        guard builder.isArchitecture("LMHeadModel") else { return }
        _ = builder.full("lm_head", words, from: last, bias: false, tied: "wte.weight")
    }
}

/// Llama, Mistral, Qwen: decoders with gated units and root-mean-square normalisations (Touvron et
/// al., 2023); rotary positions are part of the attention.
enum LlamaFamily {
    static func build(_ builder: inout ConfigurationBuilder) throws(NetworkError) {
        let hidden = try builder.size("hidden_size")
        let words = try builder.size("vocab_size")
        let tokens = builder.tokens()
        var last = builder.embed("embed_tokens", words, hidden, from: tokens)
        for block in 0..<(try builder.blockCount("num_hidden_layers")) {
            last = try addBlock("layers.\(block)", hidden, from: last, to: &builder)
        }
        last = builder.norm("norm", .rmsNorm, "rms_norm_eps", from: last)
        guard builder.isArchitecture("ForCausalLM") else { return }
        let isTied = builder.config["tie_word_embeddings"]?.boolean ?? false
        _ = builder.full(
            "lm_head",
            words,
            from: last,
            bias: false,
            tied: isTied ? "embed_tokens.weight" : nil
        )
    }

    private static func addBlock(
        _ name: String,
        _ hidden: Int,
        from input: Int,
        to builder: inout ConfigurationBuilder
    ) throws(NetworkError) -> Int {
        let heads = try builder.size("num_attention_heads")
        let keyHeads = try builder.optionalSize("num_key_value_heads") ?? heads
        let width = try builder.optionalSize("head_dim") ?? hidden / heads
        // Qwen2 has biases here without saying so.
        let hasBias =
            builder.config["attention_bias"]?.boolean
            ?? (builder.config["model_type"]?.text == "qwen2")
        let first = builder.norm("\(name).input_layernorm", .rmsNorm, "rms_norm_eps", from: input)
        let sizes = [("q_proj", heads), ("k_proj", keyHeads), ("v_proj", keyHeads)]
        var projections: [Int] = []
        for (projection, count) in sizes {
            var place = builder.full(
                "\(name).self_attn.\(projection)",
                count * width,
                from: first,
                bias: hasBias
            )
            if builder.config["model_type"]?.text == "qwen3", projection != "v_proj" {
                let norm = "\(name).self_attn.\(projection.prefix(1))_norm"
                // It normalises each head; its weight is as wide as one.
                place = builder.norm(norm, .groupNorm, "rms_norm_eps", from: place)
                builder.setParameters(
                    [NodeParameter(role: "weight", name: "\(norm).weight", shape: [width])],
                    of: place
                )
            }
            projections.append(place)
        }
        let attention = builder.add(
            "\(name).self_attn.attention",
            .attention,
            [
                "heads": .integer(heads), "kv_heads": .integer(keyHeads),
                "features": .integer(heads * width), "causal": .boolean(true),
            ],
            from: projections
        )
        let hasOutputBias = builder.config["attention_bias"]?.boolean ?? false
        let output = builder.full(
            "\(name).self_attn.o_proj",
            hidden,
            from: attention,
            bias: hasOutputBias
        )
        let sum = builder.add("\(name).add", .add, from: [input, output])
        let norm = "\(name).post_attention_layernorm"
        let second = builder.norm(norm, .rmsNorm, "rms_norm_eps", from: sum)
        let wide = try builder.size("intermediate_size")
        let hasWideBias = builder.config["mlp_bias"]?.boolean ?? false
        let gate = builder.full("\(name).mlp.gate_proj", wide, from: second, bias: hasWideBias)
        let active = builder.add(
            "\(name).mlp.act",
            builder.activation("hidden_act", default: "silu"),
            from: [gate]
        )
        let up = builder.full("\(name).mlp.up_proj", wide, from: second, bias: hasWideBias)
        let product = builder.add("\(name).mlp.mul", .mul, from: [active, up])
        let down = builder.full("\(name).mlp.down_proj", hidden, from: product, bias: hasWideBias)
        return builder.add("\(name).add_1", .add, from: [sum, down])
    }
}
