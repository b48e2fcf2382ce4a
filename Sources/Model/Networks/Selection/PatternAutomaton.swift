/// A pattern program made deterministic: one table look-up a byte.
struct PatternAutomaton: Sendable {
    /// The class of each byte: bytes that no instruction tells apart share one.
    private var classOfByte = [UInt8](repeating: 0, count: 256)
    private var classCount = 0
    /// The next state by state and class; state 0 matches nothing any more.
    private var transitions: [UInt16] = []
    private var isAccepting: [Bool] = []

    /// Enough for every selector that people write; more go without the table.
    private static let stateCountMax = 256

    /// Makes the table.
    ///
    /// - Returns: Nil if it would be too large.
    init?(_ program: PatternProgram) {
        divideBytes(program)
        var places: [[Int]: Int] = [[]: 0]
        var states: [[Int]] = [[]]
        let start = Self.closure([0], program)
        if places[start] == nil {
            places[start] = 1
            states.append(start)
        }
        var representatives = [UInt8](repeating: 0, count: classCount)
        for byte in UInt8(0)...255 { representatives[Int(classOfByte[Int(byte)])] = byte }
        var state = 0
        while state < states.count {
            isAccepting.append(Self.accepts(states[state], program))
            for byte in representatives {
                let next = Self.step(states[state], byte, program)
                let place = places[next] ?? states.count
                if place == states.count {
                    guard place < Self.stateCountMax else { return nil }
                    places[next] = place
                    states.append(next)
                }
                transitions.append(UInt16(place))
            }
            state += 1
        }
    }

    private mutating func divideBytes(_ program: PatternProgram) {
        let sets = Set(
            program.instructions.compactMap { instruction -> ByteSet? in
                if case .byte(let set) = instruction { set } else { nil }
            }
        )
        var classes: [[Bool]: UInt8] = [:]
        for byte in UInt8(0)...255 {
            let signature = sets.map { $0.contains(byte) }
            let number = classes[signature] ?? UInt8(classes.count)
            classes[signature] = number
            classOfByte[Int(byte)] = number
        }
        classCount = classes.count
    }

    private static func step(_ state: [Int], _ byte: UInt8, _ program: PatternProgram) -> [Int] {
        let moved = state.filter {
            if case .byte(let set) = program.instructions[$0] { set.contains(byte) } else { false }
        }
        return closure(moved.map { $0 + 1 }, program)
    }

    /// The instructions that consume a byte or accept, reached without consuming one.
    private static func closure(_ starts: [Int], _ program: PatternProgram) -> [Int] {
        var stack = starts
        var seen: Set<Int> = []
        var found: [Int] = []
        while let instruction = stack.popLast() {
            guard seen.insert(instruction).inserted else { continue }
            switch program.instructions[instruction] {
            case .byte, .accept: found.append(instruction)
            case .jump(let target): stack.append(target)
            case .split(let first, let second): stack.append(contentsOf: [first, second])
            case .save: stack.append(instruction + 1)
            }
        }
        return found.sorted()
    }

    private static func accepts(_ state: [Int], _ program: PatternProgram) -> Bool {
        state.contains {
            if case .accept = program.instructions[$0] { true } else { false }
        }
    }

    /// Whether a whole name matches.
    func matches(_ name: ArraySlice<UInt8>) -> Bool {
        guard isAccepting.count > 1 else { return false }
        var state = 1
        for byte in name {
            state = Int(transitions[state * classCount + Int(classOfByte[Int(byte)])])
            if state == 0 { return false }
        }
        return isAccepting[state]
    }
}
