/// The listing of a directory, or a part of it; the places 0 and 1 are those of `.` and `..`.
///
/// Never changes, so any number of open directories share it. An entry takes its name and some sixty
/// bytes.
public final class FuseDirectory: Sendable {
    private let dots: [FuseAttributes]
    private let names: [UInt8]
    private let nameStarts: [Int]
    private let attributes: [FuseAttributes]
    private let places: Range<Int>
    private let reachesEnd: Bool

    /// Makes a listing.
    ///
    /// - Parameters:
    ///   - own: What `stat` would tell of the directory.
    ///   - parent: What it would tell of the directory that holds it.
    ///   - names: The names of the entries, bytes without NUL and slash, each ended by a NUL.
    ///   - nameStarts: Where each name begins.
    ///   - attributes: What `stat` would tell of each.
    ///   - firstEntry: How many entries come before these.
    ///   - reachesEnd: Whether none come behind them.
    public init(
        own: FuseAttributes,
        parent: FuseAttributes,
        names: [UInt8],
        nameStarts: [Int],
        attributes: [FuseAttributes],
        firstEntry: Int = 0,
        reachesEnd: Bool = true
    ) {
        precondition(nameStarts.count == attributes.count && names.last ?? 0 == 0)
        dots = [own, parent]
        self.names = names
        self.nameStarts = nameStarts
        self.attributes = attributes
        places = firstEntry + Self.dotCount..<firstEntry + Self.dotCount + attributes.count
        self.reachesEnd = reachesEnd
    }

    /// The places of `.` and `..` come first.
    static let dotCount = 2

    /// How many entries, `.` and `..` not counted, come before a place.
    public static func entry(at place: Int) -> Int {
        max(0, place - dotCount)
    }

    /// The number of places that are known, counted from the first on.
    public var count: Int { places.upperBound }

    /// Whether these are all entries.
    public var isWhole: Bool { places.lowerBound == Self.dotCount && reachesEnd }

    /// Whether a reply can begin at a place.
    ///
    /// One without any entry would tell that there are no more.
    public func holds(_ place: Int) -> Bool {
        Self.entry(at: place) + Self.dotCount >= places.lowerBound && (reachesEnd || place < places.upperBound)
    }

    /// Calls a function with each entry from a place on, until it gives false.
    ///
    /// - Parameter body: Gets the place of an entry, its name, which ends with a NUL, and its attributes.
    func forEachEntry(
        from first: Int,
        while body: (Int, UnsafePointer<CChar>, FuseAttributes) -> Bool
    ) {
        // The name of an entry's own directory is the end of that of the parent.
        let goesOn = withUnsafeBytes(of: (UInt8(ascii: "."), UInt8(ascii: "."), UInt8(0))) { text in
            for place in max(0, first)..<max(0, first, Self.dotCount) {
                guard let start = text.baseAddress?.assumingMemoryBound(to: CChar.self),
                    body(place, start + (1 - place), dots[place])
                else { return false }
            }
            return true
        }
        guard goesOn else { return }
        names.withUnsafeBytes { names in
            guard let start = names.baseAddress?.assumingMemoryBound(to: CChar.self) else { return }
            let first = max(first, places.lowerBound)
            for place in first..<max(first, places.upperBound) {
                let index = place - places.lowerBound
                guard body(place, start + nameStarts[index], attributes[index]) else { return }
            }
        }
    }
}
