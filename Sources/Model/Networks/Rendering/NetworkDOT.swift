/// `network.dot`: a network in the language of Graphviz, for `dot -Tsvg network.dot`.
public enum NetworkDOT {
    /// The text of a network.
    public static func text(of network: Network) -> String {
        var text = "digraph \(quoted(network.name.isEmpty ? "network" : network.name)) {\n"
        text += "  rankdir=TB\n"
        text += "  node [shape=box, style=\"rounded,filled\", fillcolor=white, "
        text += "fontname=\"Helvetica\", fontsize=10]\n"
        text += "  edge [arrowsize=0.6]\n"
        for (index, node) in network.nodes.enumerated() {
            text += "  n\(index) [label=\(label(node)), fillcolor=\"\(colour(node))\"]\n"
        }
        for (index, node) in network.nodes.enumerated() {
            for input in node.inputs { text += "  n\(input.node) -> n\(index)\n" }
        }
        return text + "}\n"
    }

    private static func label(_ node: NetworkNode) -> String {
        quoted("\(node.name)\n\(summary(of: node))\n\(node.outputShape.text)")
    }

    /// The operator with what tells layers of one kind apart: `CONV 96, 11×11 / 4`.
    public static func summary(of node: NetworkNode) -> String {
        func sizes(_ name: String) -> String? {
            node.attributes[name]?.integers.map { numbers in
                numbers.map(String.init).joined(separator: "×")
            }
        }
        var words: [String] = []
        if let mode = node.attributes["mode"]?.text { words.append(mode) }
        for name in ["channels", "features", "heads"] {
            if let number = node.attributes[name]?.integer { words.append("\(number)") }
        }
        if let kernel = sizes("kernel") { words.append(kernel) }
        if node.attributes["global"]?.boolean == true { words.append("global") }
        var text = node.kind.name
        if !words.isEmpty { text += " " + words.joined(separator: ", ") }
        if let stride = node.attributes["stride"]?.integers, let first = stride.first,
            stride.contains(where: { $0 != 1 })
        {
            text += " / \(Set(stride).count == 1 ? "\(first)" : sizes("stride") ?? "")"
        }
        return text
    }

    private static func colour(_ node: NetworkNode) -> String {
        if node.initialiser != nil { return "#ffd9a0" }
        if node.kind == .input { return "#e8e8e8" }
        return node.parameters.isEmpty ? "#ffffff" : "#cfe3f7"
    }

    /// A text in quotes; newlines become line breaks of a label (Graphviz, "ID" and "escString").
    private static func quoted(_ text: String) -> String {
        var result = "\""
        for character in text {
            switch character {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            case "\0": break
            default: result.append(character)
            }
        }
        return result + "\""
    }
}
