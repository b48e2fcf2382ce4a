import Networks
import Tensors
import Testing

struct ConfigurationNetworkTests {
    private func read(_ text: String) throws -> Network {
        try #require(try ConfigurationNetwork.read(Array(text.utf8)))
    }

    private static let bert = """
        {"model_type": "bert", "architectures": ["BertModel"], "hidden_size": 768,
         "vocab_size": 30522, "max_position_embeddings": 512, "type_vocab_size": 2,
         "num_hidden_layers": 12, "num_attention_heads": 12, "intermediate_size": 3072,
         "hidden_act": "gelu", "layer_norm_eps": 1e-12}
        """
    private static let gpt2 = """
        {"model_type": "gpt2", "architectures": ["GPT2LMHeadModel"], "n_embd": 768,
         "vocab_size": 50257, "n_head": 12, "n_layer": 12, "n_positions": 1024}
        """
    private static let llama = """
        {"model_type": "llama", "architectures": ["LlamaForCausalLM"], "hidden_size": 4096,
         "vocab_size": 32000, "num_hidden_layers": 32, "num_attention_heads": 32,
         "intermediate_size": 11008, "rms_norm_eps": 1e-06}
        """
    private static let mistral = """
        {"model_type": "mistral", "architectures": ["MistralForCausalLM"], "hidden_size": 4096,
         "vocab_size": 32000, "num_hidden_layers": 32, "num_attention_heads": 32,
         "num_key_value_heads": 8, "intermediate_size": 14336}
        """
    private static let qwen = """
        {"model_type": "qwen2", "architectures": ["Qwen2ForCausalLM"], "hidden_size": 896,
         "vocab_size": 151936, "num_hidden_layers": 24, "num_attention_heads": 14,
         "num_key_value_heads": 2, "intermediate_size": 4864, "tie_word_embeddings": true}
        """
    private static let qwen3 = """
        {"model_type": "qwen3", "architectures": ["Qwen3ForCausalLM"], "hidden_size": 1024,
         "vocab_size": 151936, "num_hidden_layers": 28, "num_attention_heads": 16, "head_dim": 128,
         "num_key_value_heads": 8, "intermediate_size": 3072, "tie_word_embeddings": true}
        """
    private static let vit = """
        {"model_type": "vit", "architectures": ["ViTForImageClassification"], "hidden_size": 768,
         "image_size": 224, "patch_size": 16, "num_channels": 3, "num_hidden_layers": 12,
         "num_attention_heads": 12, "intermediate_size": 3072, "num_labels": 1000}
        """
    private static let resnet = """
        {"model_type": "resnet", "architectures": ["ResNetForImageClassification"],
         "embedding_size": 64, "hidden_sizes": [256, 512, 1024, 2048], "depths": [3, 4, 6, 3],
         "layer_type": "bottleneck", "num_labels": 1000}
        """
    private static let t5 = """
        {"model_type": "t5", "architectures": ["T5ForConditionalGeneration"], "d_model": 512,
         "d_kv": 64, "d_ff": 2048, "num_heads": 8, "num_layers": 6, "vocab_size": 32128,
         "relative_attention_num_buckets": 32}
        """

    /// The numbers are those that the `transformers` library counts for the published models.
    ///
    /// ResNet has 53,120 running means and variances besides its 25,557,032 trained elements.
    @Test(arguments: [
        (bert, 109_482_240), (gpt2, 124_439_808), (llama, 6_738_415_616),
        (mistral, 7_241_732_096), (qwen, 494_032_768), (qwen3, 596_049_920),
        (vit, 86_567_656),
        (resnet, 25_557_032 + 53_120), (t5, 60_506_624),
    ])
    func parametersAreThoseOfThePublishedModels(text: String, count: Int) throws {
        let network = try read(text)
        #expect(network.parameterCount == count)
        #expect(network.source == .configuration)
        #expect(network.nodes.filter { $0.outputShape == nil }.map(\.name) == [])
        #expect(try NetworkJSON.read(Array(NetworkJSON.text(of: network).utf8)) == network)
    }

    @Test func tensorsAreFoundBehindAPrefix() throws {
        let network = try read(Self.llama)
        let tensors = [
            TensorDescription(
                name: "model.embed_tokens.weight",
                dtype: .bf16,
                shape: [32000, 4096]
            ),
            TensorDescription(
                name: "model.layers.3.self_attn.q_proj.weight",
                dtype: .bf16,
                shape: [4096, 4096]
            ),
        ]
        let bound = network.bound(to: tensors)
        #expect(bound.storedTensors == Set(tensors.map(\.name)))
    }

    @Test func attentionsSayTheirHeads() throws {
        let network = try read(Self.mistral)
        let template = try NodeTemplate(.attention, [.init(name: "kv_heads", .integer(8))])
        #expect(try network.graph.flags(matching: template)?.count { $0 } == 32)
        let key = try #require(network.nodes.first { $0.name == "layers.0.self_attn.k_proj" })
        #expect(key.outputShape.text == "[?, ?, 1024]")
    }

    @Test func otherConfigurationsAreNone() throws {
        for text in ["{}", "{\"model_type\": \"whisper\"}", "not json", "[1, 2]", ""] {
            #expect(try ConfigurationNetwork.read(Array(text.utf8)) == nil)
        }
    }

    @Test(arguments: [
        ("{\"model_type\": \"bert\"}", "hidden_size"),
        ("{\"model_type\": \"gpt2\", \"n_embd\": -4}", "n_embd"),
        (
            llama.replacing("\"num_hidden_layers\": 32", with: "\"num_hidden_layers\": 99999"),
            "99999"
        ),
        (resnet.replacing("[3, 4, 6, 3]", with: "[3]"), "depths"),
    ])
    func whatIsMissingIsNamed(text: String, reason: String) throws {
        let error = try #require(throws: NetworkError.self) {
            try ConfigurationNetwork.read(Array(text.utf8))
        }
        #expect(error.message.contains(reason))
    }
}
