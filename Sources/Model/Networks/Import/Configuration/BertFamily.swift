/// BERT and its kin: encoders with a normalisation behind every sum (Devlin et al., 2018).
enum BertFamily {
    static func build(_ builder: inout ConfigurationBuilder) throws(NetworkError) {
        let hidden = try builder.size("hidden_size")
        let tokens = builder.tokens()
        let words = builder.embed(
            "embeddings.word_embeddings",
            try builder.size("vocab_size"),
            hidden,
            from: tokens
        )
        let positions = builder.embed(
            "embeddings.position_embeddings",
            try builder.size("max_position_embeddings"),
            hidden,
            from: builder.tokens("position_ids")
        )
        var parts = [words, positions]
        if builder.config["type_vocab_size"]?.integer != 0,
            let types = try builder.optionalSize("type_vocab_size")
        {
            let input = builder.tokens("token_type_ids")
            parts.append(
                builder.embed("embeddings.token_type_embeddings", types, hidden, from: input)
            )
        }
        let sum = builder.add("embeddings.add", .add, from: parts)
        var last = builder.norm("embeddings.LayerNorm", .layerNorm, "layer_norm_eps", from: sum)
        for block in 0..<(try builder.blockCount("num_hidden_layers")) {
            last = try addBlock("encoder.layer.\(block)", hidden, from: last, to: &builder)
        }
        try head(hidden, from: last, to: &builder)
    }

    private static func addBlock(
        _ name: String,
        _ hidden: Int,
        from input: Int,
        to builder: inout ConfigurationBuilder
    ) throws(NetworkError) -> Int {
        let projections = ["query", "key", "value"].map {
            builder.full("\(name).attention.self.\($0)", hidden, from: input)
        }
        let attention = builder.add(
            "\(name).attention.self.attention",
            .attention,
            [
                "heads": .integer(try builder.size("num_attention_heads")),
                "causal": .boolean(false),
            ],
            from: projections
        )
        let output = builder.full("\(name).attention.output.dense", hidden, from: attention)
        let first = builder.add("\(name).attention.output.add", .add, from: [input, output])
        let middle = builder.norm(
            "\(name).attention.output.LayerNorm",
            .layerNorm,
            "layer_norm_eps",
            from: first
        )
        let wide = builder.full(
            "\(name).intermediate.dense",
            try builder.size("intermediate_size"),
            from: middle
        )
        let active = builder.add(
            "\(name).intermediate.act",
            builder.activation("hidden_act"),
            from: [wide]
        )
        let narrow = builder.full("\(name).output.dense", hidden, from: active)
        let second = builder.add("\(name).output.add", .add, from: [middle, narrow])
        return builder.norm("\(name).output.LayerNorm", .layerNorm, "layer_norm_eps", from: second)
    }

    private static func head(
        _ hidden: Int,
        from input: Int,
        to builder: inout ConfigurationBuilder
    ) throws(NetworkError) {
        guard builder.config["model_type"]?.text == "bert" else { return }
        if builder.isArchitecture("ForMaskedLM") {
            let dense = builder.full("cls.predictions.transform.dense", hidden, from: input)
            let active = builder.add(
                "cls.predictions.transform.act",
                builder.activation("hidden_act"),
                from: [dense]
            )
            let norm = builder.norm(
                "cls.predictions.transform.LayerNorm",
                .layerNorm,
                "layer_norm_eps",
                from: active
            )
            let words = try builder.optionalSize("vocab_size") ?? 1
            _ = builder.full(
                "cls.predictions.decoder",
                words,
                from: norm,
                bias: false,
                tied: "embeddings.word_embeddings.weight"
            )
            return
        }
        if builder.isArchitecture("ForTokenClassification") {
            _ = builder.full("classifier", builder.labelCount, from: input)
            return
        }
        let pooled = builder.full("pooler.dense", hidden, from: input)
        let active = builder.add("pooler.tanh", .tanh, from: [pooled])
        guard builder.isArchitecture("ForSequenceClassification") else { return }
        _ = builder.full("classifier", builder.labelCount, from: active)
    }
}
