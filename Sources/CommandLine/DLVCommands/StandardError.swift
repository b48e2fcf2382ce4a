import Foundation

/// What a command says beside its result.
enum StandardError {
    static func write(_ text: String) {
        FileHandle.standardError.write(Data(text.utf8))
    }

    /// Says in one line what the user should know, though the command succeeds.
    static func note(_ sentence: String) {
        write("note: \(sentence)\n")
    }
}
