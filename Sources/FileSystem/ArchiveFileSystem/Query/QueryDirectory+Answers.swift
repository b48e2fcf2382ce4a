import Dispatch
import Synchronization

// Answers, and the hidden files that tell of them.
extension QueryDirectory {
    /// The answer of a query as it is now; runs the query if need be, once for all who wait.
    func answer(
        of query: String,
        isCancelled: @Sendable () -> Bool
    ) throws(FileSystemError) -> QueryAnswer {
        while true {
            guard let text = text(of: query) else { throw Self.gone }
            let key = runner.answerKey(name: query, text: text)
            let group = DispatchGroup()
            enum Step {
                case known(QueryAnswer)
                case wait(DispatchGroup)
                case run
            }
            let step: Step = state.withLock { state in
                if let known = state.answers[query], known.key == key { return .known(known) }
                if let running = state.running[query] { return .wait(running) }
                group.enter()
                state.running[query] = group
                return .run
            }
            switch step {
            case .known(let answer): return answer
            case .wait(let other):
                other.wait()
            case .run:
                let outcome =
                    QueryFile.isBlank(text)
                    ? nil : runner.run(name: query, text: text, isCancelled: isCancelled)
                let cancelled = isCancelled()
                let answer = state.withLock { state in
                    state.running[query] = nil
                    return state.addAnswer(outcome, of: query, key: key, keeping: !cancelled)
                }
                group.leave()
                guard !cancelled else {
                    throw FileSystemError(.interrupted, "The reader of the answer went away.")
                }
                return answer
            }
        }
    }

    // MARK: - Hidden files of an answer

    static let statusName = Array(".status".utf8)
    static let explanationName = Array(".explain".utf8)

    /// What `stat` tells of a hidden file.
    func note(
        of query: String,
        isExplanation: Bool
    ) throws(FileSystemError) -> NodeAttributes {
        guard exists(query) else { throw Self.gone }
        let node = state.withLock { $0.answerNode(of: query) } + (isExplanation ? 2 : 1)
        return NodeAttributes(
            node: NodeNumber(rawValue: node),
            kind: .regularFile,
            size: noteText(of: query, isExplanation: isExplanation).count,
            permissions: 0o444,
            modificationTime: startTime,
            timeoutSeconds: 0
        )
    }

    /// What a hidden file says.
    func noteText(of query: String, isExplanation: Bool) -> [UInt8] {
        let answer = state.withLock { $0.answers[query] }
        guard let answer else { return Array("not run yet: list the directory to run it\n".utf8) }
        return isExplanation ? answer.explanation : Array(answer.status.utf8)
    }
}
