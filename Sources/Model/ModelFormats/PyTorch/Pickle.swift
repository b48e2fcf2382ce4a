/// What a pickle describes, as nodes that refer to one another by their index.
///
/// Nothing is ever run: a global is its name, a call is the function's node and the arguments' node,
/// whatever they are called. So no pickle can do harm, and no list of allowed names is needed. Nodes
/// can form cycles and share parts; whoever walks them must visit each once.
struct Pickle {
    /// A node by its index.
    typealias Reference = Int

    /// What a node is.
    enum Value {
        case none
        case truth(Bool)
        case integer(Int)
        case text(String)
        /// A number or bytes that no tensor depends on.
        case scalar
        case global(module: String, name: String)
        case tuple
        case list
        case dictionary
        /// `function(*arguments)`, or an object made that way.
        case call(function: Reference, arguments: Reference)
        /// An object that lies outside the pickle; the node says which.
        case persistent(Reference)
    }

    /// A value, and what was put into it later.
    struct Node {
        var value: Value
        /// The elements of a tuple, a list or a set, or what was appended to an object.
        var elements: [Reference] = []
        /// The entries of a dictionary, or what was set in an object.
        var entries: [(key: Reference, value: Reference)] = []
        /// What `__setstate__` was called with.
        var state: Reference?
    }

    /// All nodes.
    var nodes: [Node] = []

    /// The object that the pickle is of.
    var root: Reference = 0

    /// The text of a node; nil if it is none.
    func text(_ reference: Reference) -> String? {
        if case .text(let text) = nodes[reference].value { text } else { nil }
    }

    /// The number of a node; nil if it is none.
    func integer(_ reference: Reference) -> Int? {
        if case .integer(let integer) = nodes[reference].value { integer } else { nil }
    }

    /// The dotted name of a global; nil if a node is none.
    func globalName(_ reference: Reference) -> String? {
        if case .global(let module, let name) = nodes[reference].value { module + "." + name } else { nil }
    }

    /// The elements of a tuple or a list; of a call with one argument, such as `torch.Size((2, 3))`,
    /// those of the argument. Nil for anything else.
    func elements(_ reference: Reference) -> [Reference]? {
        switch nodes[reference].value {
        case .tuple, .list: return nodes[reference].elements
        case .call(_, let arguments):
            guard nodes[arguments].elements.count == 1,
                case .tuple = nodes[nodes[arguments].elements[0]].value
            else { return nil }
            return nodes[nodes[arguments].elements[0]].elements
        default: return nil
        }
    }

    /// The numbers of a tuple or a list; nil if one is none.
    func integers(_ reference: Reference) -> [Int]? {
        guard let elements = elements(reference) else { return nil }
        let integers = elements.compactMap(integer)
        return integers.count == elements.count ? integers : nil
    }
}
