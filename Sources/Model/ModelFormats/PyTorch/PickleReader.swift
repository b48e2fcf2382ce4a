/// Reads a pickle of protocol 0 to 5 (Python's `pickletools`) into inert nodes.
///
/// The opcodes are those that PyTorch and Python's own pickler write, and no others; an unknown one is
/// an error, and the file is kept whole. Every operand is checked against what is there, and the number
/// of nodes is bounded, so that no pickle costs more than a multiple of its length.
struct PickleReader {
    /// More nodes than this are no checkpoint: a node takes about a hundred bytes.
    static let nodeCountMax = 4_000_000

    let reader: SourceReader
    var pickle = Pickle()
    var stack: [Pickle.Reference] = []
    private var marks: [Int] = []
    private var memo: [Int: Pickle.Reference] = [:]

    private init(_ reader: SourceReader) {
        self.reader = reader
    }

    /// Reads one pickle; the reader then stands behind it.
    ///
    /// - Throws: ``ModelFormatError`` if it is broken or holds an opcode that is not known.
    static func read(_ reader: SourceReader) throws -> Pickle {
        var pickle = PickleReader(reader)
        while true {
            let opcode = try reader.byte()
            if opcode == UInt8(ascii: ".") { break }
            let handled = try pickle.readConstant(opcode) || pickle.readContainer(opcode)
            guard try handled || pickle.readObject(opcode) else {
                throw ModelFormatError(
                    "The pickle holds the unknown opcode \(opcode) at byte \(reader.position - 1)."
                )
            }
        }
        pickle.pickle.root = try pickle.pop()
        return pickle.pickle
    }

    // MARK: - Steps

    /// Containers, and what is put into them.
    private mutating func readContainer(_ opcode: UInt8) throws -> Bool {
        switch opcode {
        case UInt8(ascii: "("): marks.append(stack.count)
        case UInt8(ascii: "}"): try push(.dictionary)
        case UInt8(ascii: "]"), 0x8F: try push(.list)
        case UInt8(ascii: ")"): try push(.tuple)
        case 0x85...0x87: try push(.tuple, elements: pop(Int(opcode) - 0x84))
        case UInt8(ascii: "t"): try push(.tuple, elements: popToMark())
        case UInt8(ascii: "l"), 0x91: try push(.list, elements: popToMark())
        case UInt8(ascii: "a"):
            let element = try pop()
            pickle.nodes[try top()].elements.append(element)
        case UInt8(ascii: "e"), 0x90:
            let elements = try popToMark()
            pickle.nodes[try top()].elements += elements
        case UInt8(ascii: "s"): try setEntries(try pop(2))
        case UInt8(ascii: "u"): try setEntries(try popToMark())
        case UInt8(ascii: "d"):
            let entries = try popToMark()
            try push(.dictionary)
            try setEntries(entries)
        default: return false
        }
        return true
    }

    /// Calls, the memo and the stack.
    private mutating func readObject(_ opcode: UInt8) throws -> Bool {
        switch opcode {
        case UInt8(ascii: "c"): try push(.global(module: try line(), name: try line()))
        case 0x93:
            let names = try pop(2)
            guard let module = pickle.text(names[0]), let name = pickle.text(names[1]) else {
                throw broken
            }
            try push(.global(module: module, name: name))
        case UInt8(ascii: "R"), 0x81:
            let parts = try pop(2)
            try push(.call(function: parts[0], arguments: parts[1]))
        case 0x92:
            let parts = try pop(3)
            try push(.call(function: parts[0], arguments: parts[1]))
        case UInt8(ascii: "b"):
            let state = try pop()
            pickle.nodes[try top()].state = state
        case UInt8(ascii: "Q"): try push(.persistent(try pop()))
        case UInt8(ascii: "0"): _ = try pop()
        case UInt8(ascii: "1"): _ = try popToMark()
        case UInt8(ascii: "2"): stack.append(try top())
        case UInt8(ascii: "q"): memo[Int(try reader.byte())] = try top()
        case UInt8(ascii: "r"): memo[try reader.integer(4)] = try top()
        case 0x94: memo[memo.count] = try top()
        case UInt8(ascii: "h"): stack.append(try remembered(Int(try reader.byte())))
        case UInt8(ascii: "j"): stack.append(try remembered(try reader.integer(4)))
        default: return false
        }
        return true
    }

    // MARK: - The stack

    private var broken: ModelFormatError {
        ModelFormatError("The pickle is broken at byte \(reader.position).")
    }

    mutating func push(_ value: Pickle.Value, elements: [Pickle.Reference] = []) throws {
        guard pickle.nodes.count < Self.nodeCountMax else {
            throw ModelFormatError("The pickle holds more than \(Self.nodeCountMax) objects.")
        }
        stack.append(pickle.nodes.count)
        pickle.nodes.append(Pickle.Node(value: value, elements: elements))
    }

    private func top() throws -> Pickle.Reference {
        guard let last = stack.last, stack.count > marks.last ?? 0 else { throw broken }
        return last
    }

    private mutating func pop() throws -> Pickle.Reference {
        let last = try top()
        stack.removeLast()
        return last
    }

    private mutating func pop(_ count: Int) throws -> [Pickle.Reference] {
        guard stack.count - count >= marks.last ?? 0 else { throw broken }
        defer { stack.removeLast(count) }
        return Array(stack.suffix(count))
    }

    private mutating func popToMark() throws -> [Pickle.Reference] {
        guard let mark = marks.popLast() else { throw broken }
        defer { stack.removeLast(stack.count - mark) }
        return Array(stack[mark...])
    }

    private mutating func setEntries(_ parts: [Pickle.Reference]) throws {
        guard parts.count.isMultiple(of: 2) else { throw broken }
        let owner = try top()
        for index in stride(from: 0, to: parts.count, by: 2) {
            pickle.nodes[owner].entries.append((parts[index], parts[index + 1]))
        }
    }

    private func remembered(_ key: Int) throws -> Pickle.Reference {
        guard let reference = memo[key] else { throw broken }
        return reference
    }

    /// The text up to the end of a line: the name of a module or a class.
    private func line() throws -> String {
        var text: [UInt8] = []
        while true {
            let byte = try reader.byte()
            if byte == UInt8(ascii: "\n") { return String(decoding: text, as: UTF8.self) }
            guard text.count < 1000 else { throw broken }
            text.append(byte)
        }
    }
}
