import Catalog
import Foundation

/// Decides what a committed file is to its model.
///
/// A mapped weight file is `weights` unless its name says that a trainer keeps its own state in it.
/// `--weights GLOB` replaces the rule: what matches is weights, other weight files are auxiliary.
struct RoleRules {
    let weightsPattern: String?

    private static let optimizerWords = ["optimizer", "optim", "scheduler", "adam", "momentum", "solverstate"]
    private static let auxiliaryWords = ["rng_state", "training_args", "scaler", "random_states"]

    /// The role of a file.
    ///
    /// - Parameters:
    ///   - path: The path below `files/`.
    ///   - isMapped: Whether it is a weight file whose tensors are known.
    func role(of path: String, isMapped: Bool) -> FileRole {
        let name = (path as NSString).lastPathComponent.lowercased()
        if let weightsPattern {
            let matches =
                fnmatch(weightsPattern, path, 0) == 0 || fnmatch(weightsPattern, name, 0) == 0
            if matches { return isMapped ? .weights : .auxiliary }
        }
        if Self.optimizerWords.contains(where: { hasWord($0, in: name) }) {
            return isMapped ? .optimizer : .auxiliary
        }
        if Self.auxiliaryWords.contains(where: name.hasPrefix) { return .auxiliary }
        return isMapped && weightsPattern == nil ? .weights : .auxiliary
    }

    /// Whether a word stands in a name on its own: `optim` in `optim_states`, not in `optimal`.
    private func hasWord(_ word: String, in name: String) -> Bool {
        name.split { !$0.isLetter }.contains { $0 == word }
    }
}
