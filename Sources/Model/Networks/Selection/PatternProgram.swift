/// A selector pattern as a non-deterministic automaton, run on all its paths at once (Thompson 1968;
/// with captures as in Pike's `sam`), so that time is linear in the name whatever the pattern.
struct PatternProgram: Sendable {
    enum Instruction: Sendable {
        case byte(ByteSet)
        /// Two ways, the first preferred.
        case split(Int, Int)
        case jump(Int)
        /// Remembers the place in a slot.
        case save(Int)
        case accept
    }

    private(set) var instructions: [Instruction] = []

    init(_ piece: PatternPiece) {
        append(piece)
        instructions.append(.accept)
    }

    private mutating func append(_ piece: PatternPiece) {
        switch piece {
        case .byte(let set): instructions.append(.byte(set))
        case .sequence(let pieces): for piece in pieces { append(piece) }
        case .capture(let number, let piece):
            instructions.append(.save(number * 2))
            append(piece)
            instructions.append(.save(number * 2 + 1))
        case .alternatives(let pieces): append(alternatives: pieces)
        case .repeated(let piece, let isNeeded, let isUnbounded):
            let start = instructions.count
            if !isNeeded { instructions.append(.split(start + 1, 0)) }
            append(piece)
            if isNeeded {
                instructions.append(.split(start, instructions.count + 1))
                return
            }
            if isUnbounded { instructions.append(.jump(start)) }
            instructions[start] = .split(start + 1, instructions.count)
        }
    }

    private mutating func append(alternatives pieces: [PatternPiece]) {
        var ends: [Int] = []
        for (index, piece) in pieces.enumerated() {
            guard index < pieces.count - 1 else {
                append(piece)
                break
            }
            let start = instructions.count
            instructions.append(.split(start + 1, 0))
            append(piece)
            ends.append(instructions.count)
            instructions.append(.jump(0))
            instructions[start] = .split(start + 1, instructions.count)
        }
        for end in ends { instructions[end] = .jump(instructions.count) }
    }

    /// A place in the program, with what was captured on the way to it.
    private struct Thread {
        var instruction: Int
        var slots: [Int]
    }

    /// Matches a whole name.
    ///
    /// - Parameters:
    ///   - name: The bytes of the name.
    ///   - slotCount: 0 if captures are not asked for, else 20.
    /// - Returns: The slots of the preferred match, or nil if there is none.
    func match(_ name: ArraySlice<UInt8>, slotCount: Int) -> [Int]? {
        var threads: [Thread] = []
        var seen = [Int](repeating: -1, count: instructions.count)
        let first = Thread(instruction: 0, slots: Array(repeating: -1, count: slotCount))
        add(first, at: name.startIndex, to: &threads, &seen)
        for place in name.indices {
            var next: [Thread] = []
            for thread in threads {
                guard case .byte(let set) = instructions[thread.instruction],
                    set.contains(name[place])
                else { continue }
                let moved = Thread(instruction: thread.instruction + 1, slots: thread.slots)
                add(moved, at: place + 1, to: &next, &seen)
            }
            if next.isEmpty { return nil }
            threads = next
        }
        for thread in threads {
            if case .accept = instructions[thread.instruction] { return thread.slots }
        }
        return nil
    }

    /// Follows what consumes nothing, preferred ways first; `seen` holds the place of the last visit.
    private func add(
        _ thread: Thread,
        at place: Int,
        to threads: inout [Thread],
        _ seen: inout [Int]
    ) {
        var stack = [thread]
        while var thread = stack.popLast() {
            guard seen[thread.instruction] != place else { continue }
            seen[thread.instruction] = place
            switch instructions[thread.instruction] {
            case .byte, .accept: threads.append(thread)
            case .jump(let target):
                thread.instruction = target
                stack.append(thread)
            case .split(let preferred, let other):
                stack.append(Thread(instruction: other, slots: thread.slots))
                stack.append(Thread(instruction: preferred, slots: thread.slots))
            case .save(let slot):
                if slot < thread.slots.count { thread.slots[slot] = place }
                thread.instruction += 1
                stack.append(thread)
            }
        }
    }
}
